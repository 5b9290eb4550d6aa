/** Replaces the list by a fresh one when mails came, keeping the keyboard's place; the open mail is left alone. */
export const inboxScript = `
const parser = new DOMParser();

async function refresh() {
  const list = document.getElementById('mails');
  try {
    const page = await (await fetch(location.href)).text();
    const fresh = parser.parseFromString(page, 'text/html').getElementById('mails');
    if (fresh.innerHTML === list.innerHTML) return;
    const focused = list.contains(document.activeElement) && document.activeElement.getAttribute('href');
    list.replaceChildren(...fresh.childNodes);
    if (focused) list.querySelector('[href="' + focused + '"]')?.focus();
  } catch {
    document.getElementById('count').textContent = 'The local inbox has stopped. This page waits for it.';
  }
}

setInterval(() => document.hidden || refresh(), 2000);
`;

export const inboxStyle = `
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a3f4b); --quiet: light-dark(#555d6b, #aab2c0);
  --accent: light-dark(#1d4ed8, #9dbbff); --paper: light-dark(#fff, #16181d); --tray: light-dark(#f4f5f8, #1e2128); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; grid-template: auto 1fr / minmax(16rem, 24rem) 1fr;
  font: 16px/1.5 system-ui, sans-serif; background: var(--paper); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
header { grid-column: 1 / -1; padding: .75rem 1.25rem; border-bottom: 1px solid var(--line); background: var(--tray);
  display: flex; flex-wrap: wrap; gap: 0 1rem; align-items: baseline; }
h1 { margin: 0; font-size: 1.2rem; }
h1 a { color: inherit; text-decoration: none; }
header p { margin: 0; }
header p, #count, time, nav span, dt { color: var(--quiet); }
nav { border-right: 1px solid var(--line); background: var(--tray); }
nav > p { margin: .75rem 1.25rem; }
ol { list-style: none; margin: 0; padding: 0; }
nav li a { display: grid; padding: .6rem 1.25rem; border-top: 1px solid var(--line); color: inherit; text-decoration: none;
  overflow-wrap: anywhere; }
nav li a:hover, nav [aria-current] { background: var(--paper); }
nav [aria-current] { box-shadow: inset 4px 0 var(--accent); }
nav li a:focus-visible { outline-offset: -3px; }
nav span, time { font-size: .875rem; }
main { padding: 1.25rem; min-width: 0; }
.back { display: none; margin: 0 0 .75rem; }
h2 { margin: 0; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .75rem 0; }
dd { margin: 0; min-width: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
iframe { width: 100%; margin: .5rem 0; height: 60vh; border: 1px solid var(--line); border-radius: .4rem; background: #fff; color-scheme: light; }
details { border-top: 1px solid var(--line); padding: .5rem 0; overflow-wrap: anywhere; }
summary { cursor: pointer; font-weight: 600; }
pre { white-space: pre-wrap; }
@media (max-width: 45rem) {
  body { display: block; }
  nav { border: 0; }
  .reading nav, .hint { display: none; }
  .back { display: block; }
  dl { display: block; }
}
`;
