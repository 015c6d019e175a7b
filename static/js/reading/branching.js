/* Which questions are asked, given the answers: the same rule as readerstudy/reading/questions.py.

   data-needs is [{fields: […], values: […]}, …]: of each need one of the fields has to hold one of the values, and its
   question has to be asked itself. An answer among data-closing of a question leaves out all others. */

/** Shows and hides questions; `given` are locked answers by field. */
export function branch(criteria, given) {
  const gates = criteria.filter(({ closing, known }) => closing.includes(known.value));
  const asked = new Set(Object.keys(given));
  const answers = new Map([...Object.entries(given), ...criteria.map(({ field, known }) => [field, known.value])]);
  for (const criterion of criteria) {
    const needs = JSON.parse(criterion.element.dataset.needs ?? "[]");
    const isAsked = gates.length ? gates.includes(criterion) : needs.every((need) => isMet(need, asked, answers));
    if (isAsked) asked.add(criterion.field);
    if (criterion.element.hidden === isAsked) criterion.element.hidden = !isAsked;
  }
  for (const group of new Set(criteria.map(({ element }) => element.closest("[data-group]")))) {
    if (group) group.hidden = criteria.every(({ element }) => element.closest("[data-group]") !== group || element.hidden);
  }
}

function isMet({ fields, values }, asked, answers) {
  return fields.some((field) => asked.has(field) && holds(answers.get(field) ?? "", values));
}

function holds(answer, values) {
  const chosen = answer.startsWith("[") ? JSON.parse(answer) : [answer];
  return values.some((value) => chosen.includes(value));
}
