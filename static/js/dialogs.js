// [data-dialog-open="id"] opens the native <dialog>; without this file the same element is a link to a page that asks.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  if (opener) {
    const dialog = document.getElementById(opener.dataset.dialogOpen);
    if (dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      dialog.showModal();
    }
    return;
  }
  const closer = event.target.closest("[data-dialog-close]");
  if (closer) closer.closest("dialog").close();
  // A click on the backdrop lands on the dialog itself, never on its content.
  else if (event.target instanceof HTMLDialogElement) event.target.close();
});
