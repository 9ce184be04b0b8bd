// The one way a document leaves the page: a POST to the endpoint of the same origin. No cookie, no redirect, no WebSocket.

import { isSendable } from "./token.js";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";
const PATIENCE = 60; // seconds

/** A message in the form of a GraphQL answer, so that it shows where answers show. */
function refusal(message) {
  return { errors: [{ message }] };
}

function headers(token) {
  const common = { "Accept": ACCEPT, "Content-Type": "application/json" };
  return token ? { ...common, "Authorization": `Bearer ${token}` } : common;
}

/** The body as JSON, whatever the status: an error of the server is a GraphQL answer too. */
async function answer(response) {
  if (response.type === "opaqueredirect") {
    return refusal("The server redirects this request. The token stays here; open the page at its final address.");
  }
  const text = await response.text();
  try {
    const body = JSON.parse(text);
    if (typeof body === "object" && body !== null) return body;
  } catch {
    // Told below: a proxy's page or an empty body is no answer.
  }
  return refusal(`The server answered ${response.status} ${response.statusText} without a GraphQL answer.`.replace("  ", " "));
}

/** A GraphiQL fetcher for `endpoint` (a URL) with the token that `readToken()` gives at the moment of asking. */
export function createFetcher(endpoint, readToken) {
  return async ({ query, variables, operationName }) => {
    const token = readToken();
    if (token && !isSendable(token)) {
      return refusal("The text in the token box is not a bearer token. Paste the token again, or clear the box.");
    }
    try {
      return await answer(await fetch(endpoint, {
        method: "POST",
        headers: headers(token),
        body: JSON.stringify({ query, variables, operationName }),
        credentials: "omit",
        cache: "no-store",
        redirect: "manual",
        signal: AbortSignal.timeout(PATIENCE * 1000),
      }));
    } catch (error) {
      return refusal(error.name === "TimeoutError"
        ? `The server gave no answer within ${PATIENCE} seconds.`
        : `No answer from ${endpoint}. Start the server, or check that this machine reaches it, and run again.`);
    }
  };
}
