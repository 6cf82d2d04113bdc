from enablement.playbook.services.applying import (
    Applied,
    apply,
    apply_file,
    current_bundle,
    current_number,
    export,
    plan,
    put_in_force,
)

__all__ = [
    "Applied",
    "apply",
    "apply_file",
    "current_bundle",
    "current_number",
    "export",
    "plan",
    "put_in_force",
]
