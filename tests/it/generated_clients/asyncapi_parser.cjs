// The parser of AsyncAPI's makers finds no error in the description of the
// socket, and each command with what answers it. Called with the file.
const assert = require("node:assert/strict");
const { readFileSync } = require("node:fs");
const { Parser } = require("@asyncapi/parser");

new Parser().parse(readFileSync(process.argv[2], "utf8")).then(({ document, diagnostics }) => {
  const errors = diagnostics.filter(({ severity }) => severity === 0);
  assert.deepEqual(errors, []);
  const sent = document.operations().get("messageSend");
  assert.deepEqual(sent.reply().messages().all().map((message) => message.name()), ["ack", "error"]);
  console.log("ok");
});
