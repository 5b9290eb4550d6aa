/**
 * The text of a file for systemd's EnvironmentFile: plain values and the fields of secrets. A plain value may name a
 * field as `${FIELD}`; what is named so is part of that value and not a variable of its own.
 * @param {Record<string, string>} plain
 * @param {Record<string, string>} secret
 * @throws Error where a value names a field that no secret has
 */
export function environmentFile(plain, secret) {
  const used = new Set();
  const filled = Object.entries(plain).map(([name, value]) => [
    name,
    value.replace(/\$\{(\w+)\}/g, (_, field) => {
      if (secret[field] === undefined) throw new Error(`${name} needs ${field}, which no secret has`);
      used.add(field);
      return encodeURIComponent(secret[field]);
    }),
  ]);
  const own = Object.entries(secret).filter(([name]) => !used.has(name));
  return [...filled, ...own].map(([name, value]) => `${name}="${escape(value)}"\n`).join('');
}

/** @see https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile= */
function escape(value) {
  return value.replace(/["\\$`]/g, '\\$&');
}
