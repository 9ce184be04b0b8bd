// What a token says about itself, read in the browser alone. Nothing here proves a token; the server does that.

const BEARER = /^[A-Za-z0-9._~+/-]+=*$/; // RFC 6750, section 2.1: b64token
const LONGEST = 8192; // characters; servers refuse longer header lines
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
const SPAN = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** Pasted text as a bare token: without "Bearer", a header's name, quotes or line breaks around or inside it. */
export function clean(text) {
  return text.trim().replace(/^authorization:\s*/i, "").replace(/^bearer\s+/i, "").replace(/[\s"']/g, "");
}

/** True when the token may stand in an Authorization header. */
export function isSendable(token) {
  return token.length <= LONGEST && BEARER.test(token);
}

/** The claims of a JWT (RFC 7519) as an object; null when the token is opaque or not readable. */
function claims(token) {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const binary = atob(parts[1].replace(/-/g, "+").replace(/_/g, "/"));
    const payload = JSON.parse(new TextDecoder().decode(Uint8Array.from(binary, (c) => c.charCodeAt(0))));
    return typeof payload === "object" ? payload : null;
  } catch {
    return null;
  }
}

/** Seconds as words in the largest unit that fits, rounded towards now: "in 29 days", "3 hours ago". */
function span(seconds) {
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return SPAN.format(Math.trunc(seconds / size), unit);
}

/**
 * The hint beside the box: { state, text, detail }.
 * state is "empty", "malformed", "opaque", "valid" or "expired"; now is in seconds since 1970 (NumericDate).
 */
export function describe(token, now = Date.now() / 1000) {
  if (!token) return { state: "empty", text: "", detail: "" };
  if (!isSendable(token)) {
    return { state: "malformed", text: "not a token", detail: "A bearer token has no such characters, or is shorter." };
  }
  const payload = claims(token);
  if (!Number.isFinite(payload?.exp)) {
    return { state: "opaque", text: "no expiry", detail: "The token names no time of expiry that this page can read." };
  }
  const left = payload.exp - now;
  const who = ["sub", "tid"].filter((name) => typeof payload[name] === "string");
  const detail = who.map((name) => `${name === "sub" ? "Subject" : "Tenant"} ${payload[name]}`).join("\n");
  return left > 0
    ? { state: "valid", text: `expires ${span(left)}`, detail }
    : { state: "expired", text: `expired ${span(left).replace("in 0 seconds", "just now")}`, detail };
}
