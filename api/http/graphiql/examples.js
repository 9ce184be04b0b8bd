// The ready examples: a list to choose from, and the way into the editor. The examples themselves are in examples.json.

/** All examples as { name, query, variables }, the last two as the editors' text. Empty when the file cannot be read. */
export async function loadExamples() {
  try {
    const response = await fetch(new URL("examples.json", import.meta.url));
    const examples = await response.json();
    return examples.map(({ name, query, variables }) => ({
      name,
      query: query.join("\n"),
      variables: Object.keys(variables).length ? JSON.stringify(variables, null, 2) : "",
    }));
  } catch {
    return [];
  }
}

/** Fills the select box; `open(example)` is called for each choice, the same one twice too. */
export function offerExamples(examples, open) {
  const select = document.getElementById("examples");
  select.append(...examples.map(({ name }, index) => new Option(name, String(index))));
  select.disabled = examples.length === 0;
  select.addEventListener("change", () => {
    const example = examples[Number(select.value)];
    select.value = "";
    open(example);
  });
}

/** True when the text is nobody's work: empty, or an example as it was opened. */
export function isUntouched(examples, query, variables) {
  const blank = !query.trim() && !variables.trim();
  return blank || examples.some((example) => example.query === query && example.variables === variables);
}
