"""What people of the other tracks write in the demo, and what their mentors note."""
