/* What was changed in a text, word by word: [{kind: "same" | "out" | "in", text}, …]. */

const LARGEST = 4_000_000; // cells of the table; beyond that the middle is taken as one change

export function differences(before, after) {
  const [a, b] = [before, after].map((text) => text.match(/\s+|[^\s]+/gu) ?? []);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(a.length, b.length) - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  const middle = compare(a.slice(head, a.length - tail), b.slice(head, b.length - tail));
  const same = (words) => words.map((text) => ({ kind: "same", text }));
  return joined([...same(a.slice(0, head)), ...middle, ...same(a.slice(a.length - tail))]);
}

/** The longest words in common, by the usual table. */
function compare(a, b) {
  const out = (text) => ({ kind: "out", text });
  const put = (text) => ({ kind: "in", text });
  if (a.length * b.length > LARGEST) return [...a.map(out), ...b.map(put)];
  const longest = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      longest[i][j] = a[i] === b[j] ? longest[i + 1][j + 1] + 1 : Math.max(longest[i + 1][j], longest[i][j + 1]);
    }
  }
  return walk(a, b, longest, out, put);
}

function walk(a, b, longest, out, put) {
  const pieces = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      pieces.push({ kind: "same", text: a[i] });
      i += 1;
      j += 1;
    } else if (j === b.length || (i < a.length && longest[i + 1][j] >= longest[i][j + 1])) pieces.push(out(a[i++]));
    else pieces.push(put(b[j++]));
  }
  return pieces;
}

/** Neighbours of one kind as one piece; within a run of changes what went out stands first. */
function joined(pieces) {
  const whole = [];
  for (const { kind, text } of pieces) {
    const last = whole.at(-1);
    if (last?.kind === kind) last.text += text;
    else whole.push({ kind, text });
  }
  return whole;
}
