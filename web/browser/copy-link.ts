for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
  const input = button.parentElement?.querySelector('input');
  if (!input) continue;
  button.hidden = false;
  button.ariaLive = 'polite';
  button.addEventListener('click', () => void copy(button, input));
}

/** Where the clipboard is refused, the link is left selected, to be copied by hand. */
async function copy(button: HTMLButtonElement, input: HTMLInputElement): Promise<void> {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    button.textContent = 'Copied';
    setTimeout(() => (button.textContent = 'Copy'), 2_000);
  } catch {
    button.textContent = 'Press Ctrl+C';
  }
}
