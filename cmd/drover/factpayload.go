package main

import (
	"errors"
	"strings"
	"time"

	"drover/playbook/filters"
	"drover/playbook/value"
)

// The key under which Ansible 2.19 names the type of a value in a file of
// facts, and the names of those that JSON has none for.
const (
	typeKey      = "__ansible_type"
	taggedPrefix = "_AnsibleTagged"
	dateType     = "AnsibleSerializableDate"
	dateTimeType = "AnsibleSerializableDateTime"
)

// unwrapFacts gives the facts of a file of Ansible 2.19, with the bare values
// of those that it wrote with their origin.
func unwrapFacts(file value.Value) (value.Value, error) {
	d, ok := file.(*value.Dict)
	if !ok {
		return nil, errors.New("no mapping")
	}
	payload, _ := d.Lookup(factsPayload)
	text, ok := value.AsString(payload)
	if !ok {
		return nil, errors.New("no " + factsPayload)
	}
	facts, err := value.ParseJSON([]byte(text))
	if err != nil {
		return nil, err
	}
	return withoutTypes(facts), nil
}

// withoutTypes gives v with the values that stand in typed wrappers.
func withoutTypes(v value.Value) value.Value {
	if d, ok := v.(*value.Dict); ok {
		if kind, ok := d.Lookup(typeKey); ok {
			return unwrapTyped(d, value.String(kind))
		}
	}
	return value.Rebuild(v, withoutTypes)
}

func unwrapTyped(d *value.Dict, kind string) value.Value {
	if inner, ok := d.Lookup("value"); ok && strings.HasPrefix(kind, taggedPrefix) {
		return withoutTypes(inner)
	}
	text, _ := d.Lookup("iso8601")
	iso, ok := value.AsString(text)
	if !ok {
		return d
	}
	if t, err := time.Parse(time.DateOnly, iso); err == nil {
		return filters.Timestamp(t, true, true)
	}
	if t, err := time.Parse("2006-01-02T15:04:05", iso); err == nil {
		return filters.Timestamp(t, true, false)
	}
	if t, err := time.Parse(time.RFC3339, iso); err == nil {
		return filters.Timestamp(t, false, false)
	}
	return text
}

// withTypes gives v with its dates in wrappers that keep their type.
func withTypes(v value.Value) value.Value {
	switch v.Type() {
	case "date":
		return value.DictOf("iso8601", value.String(v), typeKey, dateType)
	case "datetime":
		return value.DictOf("iso8601", strings.Replace(value.String(v), " ", "T", 1), typeKey, dateTimeType)
	}
	return value.Rebuild(v, withTypes)
}
