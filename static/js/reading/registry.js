/* Which class answers which kind of question. */

import { Choice, Several } from "./choices.js";
import { Edit } from "./edit.js";
import { Marks } from "./marks.js";
import { Numeric, Words } from "./numbers.js";
import { Ranking } from "./ranking.js";
import { Spans } from "./spans.js";

const KINDS = {
  multiple_choice: Several,
  ranking: Ranking,
  integer: Numeric,
  number: Numeric,
  visual_analogue: Numeric,
  free_text: Words,
  text_span: Spans,
  box: Marks,
  point: Marks,
  length: Marks,
  polygon: Marks,
  edit: Edit,
};

export function controlOf(element) {
  const { kind } = element.dataset;
  const numeric = kind === "confidence" && element.querySelector("[data-typed]");
  return new (numeric ? Numeric : (KINDS[kind] ?? Choice))(element);
}
