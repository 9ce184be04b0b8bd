// The page: GraphiQL below, the toolbar above, and the few things the toolbar asks of GraphiQL.

import { isUntouched, loadExamples, offerExamples } from "./examples.js";
import { createFetcher } from "./fetcher.js";
import { tokenBox } from "./token-box.js";

const { React, ReactDOM, GraphiQL } = window;
const { ImagePreview, useEditorContext, useSchemaStore } = GraphiQL.React;
const TYPING_PAUSE = 400; // milliseconds

// GraphiQL shows images that an answer names by asking their host for them. No request leaves this origin.
ImagePreview.shouldRender = () => false;

const inside = {}; // GraphiQL's own editors and schema, from within its React context

function Inside() {
  inside.editors = useEditorContext({ nonNull: true });
  inside.schema = useSchemaStore();
  return null;
}

/** Opens an example in the current tab, or in a new one when the current tab holds somebody's work. */
function openExample(examples, { query, variables }) {
  const { queryEditor, variableEditor, responseEditor, addTab } = inside.editors ?? {};
  if (!queryEditor || !variableEditor || !responseEditor) return;
  if (!isUntouched(examples, queryEditor.getValue(), variableEditor.getValue())) ReactDOM.flushSync(addTab);
  queryEditor.operationName = null; // GraphiQL reads the new name a moment later; until then none is better than the old
  queryEditor.setValue(query);
  variableEditor.setValue(variables);
  responseEditor.setValue("");
  queryEditor.focus();
}

/** GraphiQL's own button, because only that one also opens the pane. */
function toggleDocs() {
  document.querySelector('.graphiql-sidebar button[aria-label$="Documentation Explorer"]')?.click();
}

const place = document.getElementById("graphiql");
const endpoint = new URL(place.dataset.endpoint, document.baseURI);
let waiting;
const readToken = tokenBox(() => {
  // Where introspection needs a token, the schema comes with it.
  clearTimeout(waiting);
  waiting = setTimeout(() => inside.schema?.introspect(), TYPING_PAUSE);
});
const examples = await loadExamples();

ReactDOM.createRoot(place).render(React.createElement(
  GraphiQL,
  {
    fetcher: createFetcher(endpoint, readToken),
    defaultQuery: examples[0]?.query ?? "",
    defaultEditorToolsVisibility: true,
    isHeadersEditorEnabled: false, // the token box writes the only header; a second place would hide it
    shouldPersistHeaders: false,
    storage: window.sessionStorage, // variables can name people, so nothing outlives the browser tab
  },
  React.createElement(GraphiQL.Logo, null, "GraphiQL"),
  React.createElement(Inside),
));
offerExamples(examples, (example) => openExample(examples, example));
document.getElementById("docs").addEventListener("click", toggleDocs);
