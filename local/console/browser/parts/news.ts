/** Remembers in this tab what was seen of each place, so that places with news can be marked. */
export function rememberNews(): {
  has: (place: string, lastId: string) => boolean;
  see: (place: string, lastId: string) => void;
} {
  const seen = new Map<string, string>();
  return {
    has(place, lastId) {
      // What was there before the first look is no news.
      if (!seen.has(place)) seen.set(place, lastId);
      return seen.get(place) !== lastId;
    },
    see: (place, lastId) => void seen.set(place, lastId),
  };
}
