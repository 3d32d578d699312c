//! Validates a document against `docs/results.schema.json`. Supports only the keywords that the schema
//! uses, and fails on any other, so that no part of the schema goes unchecked.

use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../../docs/results.schema.json");

pub(crate) fn check(document: &[u8]) {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    let document: Value = serde_json::from_slice(document).unwrap();
    if let Err(error) = validate(&document, &schema, &schema) {
        panic!("{error}");
    }
}

fn validate(value: &Value, schema: &Value, root: &Value) -> Result<(), String> {
    for (keyword, rule) in schema.as_object().unwrap() {
        let valid = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "required" => true,
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                return validate(value, root.pointer(pointer).unwrap(), root);
            }
            "type" => match rule {
                Value::Array(types) => types.iter().any(|name| is(value, name)),
                name => is(value, name),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "minimum" => value.as_f64() >= rule.as_f64(),
            "maximum" => value.as_f64() <= rule.as_f64(),
            "anyOf" => {
                rule.as_array().unwrap().iter().any(|one| validate(value, one, root).is_ok())
            }
            "items" => match value.as_array() {
                Some(items) => return items.iter().try_for_each(|item| validate(item, rule, root)),
                None => false,
            },
            // All required fields, and no unknown ones.
            "properties" => {
                let rules = rule.as_object().unwrap();
                let required = schema["required"].as_array().unwrap();
                let object = value.as_object().ok_or("not an object")?;
                for (key, rule) in rules {
                    match object.get(key) {
                        Some(value) => {
                            validate(value, rule, root)
                                .map_err(|error| format!("{key}: {error}"))?;
                        }
                        None if !required.contains(&json!(key)) => {}
                        None => return Err(format!("no {key}")),
                    }
                }
                object.keys().all(|key| rules.contains_key(key))
            }
            "additionalProperties" => rule == false,
            other => panic!("unsupported keyword `{other}` in the schema"),
        };
        if !valid {
            return Err(format!("{keyword} is violated: {:.200}", value.to_string()));
        }
    }
    Ok(())
}

fn is(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}

#[test]
fn rejects_invalid_documents() {
    let root = json!({"$defs": {"a": {"type": "integer", "minimum": 1}}});
    let schema = json!({"type": "object", "required": ["a", "b"], "properties": {
        "a": {"$ref": "#/$defs/a"}, "b": {"type": ["string", "null"]}, "d": {"type": "string"}}});
    let error = |value: Value| validate(&value, &schema, &root).err();
    assert_eq!(error(json!({"a": 1, "b": null})), None);
    assert_eq!(error(json!({"a": 1, "b": null, "d": ""})), None);
    for wrong in [
        json!({"a": 0, "b": null}),
        json!({"a": 1.5, "b": null}),
        json!({"a": 1, "b": 2}),
        json!({"a": 1}),
        json!({"a": 1, "b": "", "c": 1}),
        json!({"a": 1, "b": "", "d": 1}),
        json!([]),
    ] {
        assert!(error(wrong.clone()).is_some(), "{wrong}");
    }
}
