import fc from 'fast-check';

/** One thing that is wrong with a payload. */
type Edit = { at: number; value: unknown; isMissing: boolean };

export interface Broken {
  payload: Record<string, unknown>;
  /** The paths that were changed, such as `data.options.0`. */
  touched: string[];
}

const LONG = 100_000;

const nested = (levels: number): unknown => JSON.parse(`${'{"a":['.repeat(levels)}1${']}'.repeat(levels)}`);

/** What stands where something else belongs. It is JSON, so that it travels. */
const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom<unknown>(null, 0, -1, 1.5, 1e308, true, '', [], {}, [null], [[]]) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<unknown>(
      '\u0000',
      'a\u0000b@secret.example',
      '\ud800',
      '\u202egnp.exe',
      '👩‍👩‍👧‍👦\u0301\ufeff',
      'secret-plan.pdf',
      '../../etc/passwd',
      '<@U0ADA00001> <!channel> <mailto:ann@secret.example|x>',
      '%00%zz&=;',
      'toString',
      '__proto__',
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('x', '@', '\ufffd', 'a@secret.example ')
      .map((unit) => unit.repeat(LONG / unit.length)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      JSON.parse('{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}}}'),
      JSON.parse('{"length":1e9,"toString":null,"valueOf":1,"then":{}}'),
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom(20, 2_000).map(nested) },
  {
    weight: 1,
    arbitrary: fc.constant(
      Array.from({ length: 2_000 }, (_, n) => ({ id: `F${n}`, name: 'secret-plan.pdf' })),
    ),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
);

const edits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({
    at: fc.nat(),
    value: oddValue,
    isMissing: fc.boolean(),
  }),
  { maxLength: 3 },
);

/** A change to payloads: none, or up to three things missing or odd, wherever they stand. */
export const breakage: fc.Arbitrary<(payload: object) => Broken> = edits.map((chosen) => {
  const change = (payload: object): Broken => {
    const copy = JSON.parse(JSON.stringify(payload)) as Record<string, unknown>;
    const touched = chosen.flatMap((edit) => apply(copy, edit));
    return { payload: copy, touched };
  };
  // What a failure shows.
  return Object.assign(change, { [fc.toStringMethod]: () => JSON.stringify(chosen).slice(0, 600) });
});

interface Place {
  holder: Record<string, unknown>;
  key: string;
  path: string;
}

function apply(payload: Record<string, unknown>, { at, value: shared, isMissing }: Edit): string[] {
  const value = JSON.parse(JSON.stringify(shared)) as unknown;
  const places = listPlaces(payload, '');
  const place = places[at % Math.max(1, places.length)];
  if (!place) return [];
  const { holder, key, path } = place;
  if (isMissing && !Array.isArray(holder)) Reflect.deleteProperty(holder, key);
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
  return [path];
}

/** The first of a long list stand for all of it. */
function listPlaces(holder: Record<string, unknown>, prefix: string, depth = 0): Place[] {
  if (depth > 8) return [];
  return Object.keys(holder)
    .slice(0, 40)
    .flatMap((key) => {
      const path = `${prefix}${key}`;
      const inner = Object.getOwnPropertyDescriptor(holder, key)?.value as unknown;
      const within =
        typeof inner === 'object' && inner !== null
          ? listPlaces(inner as Record<string, unknown>, `${path}.`, depth + 1)
          : [];
      return [{ holder, key, path }, ...within];
    });
}
