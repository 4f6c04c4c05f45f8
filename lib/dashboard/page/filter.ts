/**
 * What is typed into a search field: words that must all be there, and `field:word` for one field.
 * A `-` before either means that it must not. Pure.
 */

/** What a row can be found by: fields by their names. */
export type Searchable = Readonly<Record<string, string | number | boolean | undefined | null>>;

interface Term {
  not: boolean;
  field: string | undefined;
  word: string;
}

/** A test of rows; one that everything passes for an empty text. */
export function filterOf(text: string): (row: Searchable) => boolean {
  const terms = termsOf(text);
  return (row) => terms.every((term) => passes(row, term) !== term.not);
}

function termsOf(text: string): Term[] {
  const found: Term[] = [];
  for (const [whole] of text.toLowerCase().matchAll(/-?(?:[a-z_]+:)?(?:"[^"]*"?|\S+)/g)) {
    const not = whole.length > 1 && whole.startsWith("-");
    const rest = not ? whole.slice(1) : whole;
    const [, field, word] = /^(?:([a-z_]+):)?"?([^"]*)"?$/.exec(rest) ?? [, undefined, rest];
    found.push({ not, field, word: word ?? "" });
  }
  return found;
}

function passes(row: Searchable, { field, word }: Term): boolean {
  const has = (value: Searchable[string]) => String(value ?? "").toLowerCase().includes(word);
  if (field !== undefined && Object.hasOwn(row, field)) return has(row[field]);
  // A colon that follows no field's name is part of a word, as in 10.0.0.1:6379.
  const text = field === undefined ? word : `${field}:${word}`;
  return Object.values(row).some((value) => String(value ?? "").toLowerCase().includes(text));
}
