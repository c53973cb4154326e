package api_test

import (
	"strings"
	"testing"
)

func TestAttributeDefinitions(t *testing.T) {
	t.Parallel()
	const list, one = "/v1/attribute_definitions", "/v1/attribute_definitions/67"
	scene(t, []step{
		{call: "GET " + list, key: readerKey, golden: "attribute_definitions/list"},
		{call: "GET " + list + "?limit=1", golden: "attribute_definitions/page"},
		{call: "GET " + one, golden: "attribute_definitions/one"},
		{call: "GET /v1/attribute_definitions/69", status: 404}, // of another account
		{
			call: "POST " + list, key: boKey, status: 201, golden: "attribute_definitions/created",
			body: `{"applies_to":"contact","key":"VAT.no-1","name":"VAT number","description":null,"type":"text","pattern":"^DE","pattern_hint":"DE and digits"}`,
		},
		{call: "POST " + list, body: `{"applies_to":"conversation","key":"plan","name":"Plan","type":"list","options":["a"]}`, status: 201}, // of contacts it is taken
		{call: "POST " + list, body: `{"applies_to":"contact","key":"plan","name":"x","type":"text"}`, status: 409, golden: "errors/key_taken"},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"a/b","name":"x","type":"text"}`, status: 422, golden: "errors/key_form"},
		{call: "POST " + list, body: `{"applies_to":"inbox","key":"a","name":"x","type":"money"}`, status: 422, golden: "errors/definition_enums"},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"a","name":"x","type":"list"}`, status: 422, golden: "errors/no_options"},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"a","name":"x","type":"text","pattern":"("}`, status: 422, golden: "errors/broken_pattern"},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"a","name":"x","type":"text"}`, key: writerKey, status: 403},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"a","name":" ","type":"text"}`, status: 422},
		{call: "PATCH " + one, body: `{"name":"Tariff","description":null,"options":["paid","gold"]}`, golden: "attribute_definitions/changed"},
		{call: "PATCH " + one, body: `{"type":"checkbox"}`, status: 422}, // with options
		{call: "PATCH " + one, body: `{"type":"checkbox","options":null}`, golden: "attribute_definitions/retyped"},
		{call: "PATCH " + one, body: `{"key":"tariff"}`, status: 422, golden: "errors/key_stays"},
		{call: "PATCH " + one, body: `{"applies_to":"conversation"}`, status: 422},
		{call: "PATCH " + one, body: `{"name":null}`, status: 422},
		{call: "PATCH " + one, body: `{"type":null}`, status: 422},
		{call: "DELETE " + one, status: 204},
		{call: "GET " + one, status: 404},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"plan","name":"Again","type":"text"}`, status: 201}, // the key is free again
	})
}

// TestAttributesAreAsDefined: what is written over v1, of contacts and of
// conversations.
func TestAttributesAreAsDefined(t *testing.T) {
	t.Parallel()
	const list = "/v1/attribute_definitions"
	long := strings.Repeat("x", 5000)
	talk(t, []step{
		{call: "PATCH /v1/contacts/301", body: `{"custom_attributes":{"plan":"old","size":"many"}}`},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"plan","name":"Plan","type":"list","options":["free","paid"]}`, status: 201},
		{call: "POST " + list, body: `{"applies_to":"contact","key":"size","name":"Size","type":"number"}`, status: 201},
		{call: "POST " + list, body: `{"applies_to":"conversation","key":"order","name":"Order","type":"text","pattern":"^HO-[0-9]+$","pattern_hint":"HO- and digits"}`, status: 201},

		{call: "GET /v1/contacts/301", golden: "contacts/as_it_was"}, // nothing is rewritten
		{call: "PATCH /v1/contacts/301", body: `{"custom_attributes":{"plan":"gold"}}`, status: 422, golden: "errors/attribute_option"},
		{call: "PATCH /v1/contacts/301", body: `{"custom_attributes":{"size":"9"}}`, status: 422, golden: "errors/attribute_type"},
		{call: "PATCH /v1/contacts/301", body: `{"custom_attributes":{"color":7}}`}, // not defined, beside values that are wrong
		{call: "PATCH /v1/contacts/301", body: `{"custom_attributes":{"plan":"old","size":"many","color":null}}`},
		{call: "PATCH /v1/contacts/301", body: `{"custom_attributes":{"plan":"paid","size":null}}`, golden: "contacts/as_defined"},
		{call: "POST /v1/contacts", body: `{"name":"Gil","custom_attributes":{"plan":1}}`, status: 422},
		{call: "POST /v1/contacts", body: `{"name":"Gil","custom_attributes":{"plan":"free","size":-1.5}}`, status: 201},

		{call: "PATCH /v1/conversations/501", body: `{"custom_attributes":{"order":"12"},"sender":{"type":"system"}}`, status: 422, golden: "errors/attribute_pattern"},
		{call: "PATCH /v1/conversations/501", body: `{"custom_attributes":{"order":"HO-` + long + `"},"sender":{"type":"system"}}`, status: 422},
		{call: "PATCH /v1/conversations/501", body: `{"custom_attributes":{"order":"HO-12"},"sender":{"type":"system"}}`},
		{call: "POST /v1/conversations", body: `{"contact":"302","inbox_id":4,"custom_attributes":{"order":7},"sender":{"type":"system"}}`, status: 422, golden: "errors/attribute_text"},
		{call: "POST /v1/conversations", body: `{"contact":"302","inbox_id":4,"custom_attributes":{"order":"HO-7","plan":7},"sender":{"type":"system"}}`, status: 201},

		// Customers neither see nor make definitions, and set no attributes, good or bad.
		{call: "GET " + list, key: cara, status: 403, golden: "errors/customers_define_nothing"},
		{call: "POST " + list, key: cara, body: `{"applies_to":"contact","key":"a","name":"x","type":"text"}`, status: 403, golden: "errors/customers_define_nothing"},
		{call: "PATCH /v1/contacts/me", key: cara, body: `{"custom_attributes":{"plan":"paid"}}`, status: 403, golden: "errors/customers_set_no_attributes"},
		{call: "PATCH /v1/contacts/me", key: cara, body: `{"custom_attributes":{"plan":7}}`, status: 403, golden: "errors/customers_set_no_attributes"},
		{call: "POST /v1/conversations", key: cara, body: `{"custom_attributes":{"order":7}}`, status: 403},
	})
}
