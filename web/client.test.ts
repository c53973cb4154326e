// Drives a client that is generated from openapi/v1.json through one flow, against a real server with an empty
// account: scripts/with-server.sh tells where it is. What does not fit the document does not compile.

import assert from "node:assert/strict";
import { test } from "node:test";

import createClient, { type Client } from "openapi-fetch";

import type { components, paths } from "./build/v1.js";

type Problem = components["schemas"]["Problem"];

// setting returns an environment variable that has to be there.
function setting(name: string): string {
  const value = process.env[name];
  assert.ok(value, `${name} is not set: run make client-test`);
  return value;
}

// clientWith returns a client that shows a token.
function clientWith(token: string): Client<paths> {
  return createClient<paths>({ baseUrl: setting("PARLEY_TEST_URL"), headers: { Authorization: `Bearer ${token}` } });
}

// done returns what an operation answered, and fails where it was refused.
function done<T>(answer: { data?: T; error?: Problem | undefined; response: Response }): T {
  const { data, error, response } = answer;
  assert.ok(data !== undefined, `${response.url}: ${response.status} ${JSON.stringify(error)}`);
  return data;
}

test("a customer writes, an agent answers, and the customer reads the answer", async () => {
  const site = clientWith(setting("PARLEY_TEST_TOKEN"));
  const inbox = done(await site.POST("/v1/inboxes", { body: { name: "Shop", channel: "api" } }));
  const agent = done(await site.POST("/v1/agents", { body: { name: "Rui Prado", email: "rui@shop.example" } }));
  const token = done(await site.POST("/v1/tokens", { body: { name: "rui", agent_id: agent.id } }));
  assert.ok(token.token, "a new token is shown");
  const desk = clientWith(token.token);

  const contact = done(await site.POST("/v1/contacts", { body: { name: "Lea Winter", identifier: "customer-7" } }));
  const conversation = done(
    await site.POST("/v1/conversations", {
      body: {
        contact: "external:customer-7",
        inbox_id: inbox.id,
        sender: { type: "contact" },
        message: { content: "Where is my order?" },
      },
    }),
  );
  assert.equal(conversation.unread.agents, 1);

  const answer = done(
    await desk.POST("/v1/conversations/{id}/messages", {
      params: { path: { id: String(conversation.id) } },
      body: { content: "It left our house this morning." },
    }),
  );
  assert.deepEqual([answer.sender?.type, answer.sender?.id], ["agent", agent.id]);

  const ref = { path: { ref: "external:customer-7" } };
  const list = done(await site.GET("/v1/contacts/{ref}/conversations", { params: ref }));
  assert.deepEqual(list.data.map((c) => [c.id, c.unread.contact, c.last_message?.content]), [[conversation.id, 1, answer.content]]);
  const unread = done(await site.GET("/v1/contacts/{ref}/unread", { params: ref }));
  assert.equal(unread.total, 1);

  done(
    await site.POST("/v1/conversations/{id}/read", {
      params: { path: { id: String(conversation.id) } },
      body: { reader: { type: "contact" } },
    }),
  );
  const afterwards = done(await site.GET("/v1/contacts/{ref}/unread", { params: { path: { ref: String(contact.id) } } }));
  assert.equal(afterwards.total, 0);
});

test("a refusal is a problem", async () => {
  const site = clientWith(setting("PARLEY_TEST_TOKEN"));
  const { error, response } = await site.POST("/v1/contacts/{ref}/identities", {
    params: { path: { ref: "external:nobody" } },
    body: { provider_type: 4, address: "nobody@shop.example" },
  });
  assert.equal(response.status, 404);
  assert.match(error?.type ?? "", /\/docs\/errors#not-found$/);
});
