import fc from 'fast-check';

/** What `unit: 'binary'` makes: any characters. That one first lists all of Unicode, which takes a second and 100 MB. */
export function anyText(constraints: { maxLength?: number } = {}): fc.Arbitrary<string> {
  const unit = fc
    .integer({ min: 0, max: 0x10ffff })
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code));
  return fc.string({ ...constraints, unit });
}

/** As `fc.webUrl()`, which makes its paths with that unit. */
export function anyUrl(): fc.Arbitrary<string> {
  const path = fc.array(anyText({ maxLength: 10 }).map(encodeURIComponent), { maxLength: 5 });
  return fc
    .tuple(fc.constantFrom('http', 'https'), fc.webAuthority(), path)
    .map(([scheme, authority, segments]) => `${scheme}://${[authority, ...segments].join('/')}`);
}
