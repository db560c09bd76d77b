package action

import (
	"context"
	"encoding/base64"
	"path/filepath"
	"unicode/utf8"

	"drover/modules"
	"drover/playbook/value"
)

// uri sends files of the controller along as the text of the request.
func uri(ctx context.Context, t Task) (*value.Dict, error) {
	if t.Check() {
		return value.DictOf("changed", false, "skipped", true, "msg", "This action (uri) does not support check mode."), nil
	}
	args := t.Args()
	onHost := value.String(args.At("remote_src"))
	if onHost == "True" || onHost == "true" || onHost == "yes" {
		return t.Invoke(ctx, t.Module(), args, nil)
	}
	if src := args.At("src"); src != value.None {
		if args.At("body") != value.None {
			return nil, modules.Failf("parameters are mutually exclusive: body|src")
		}
		text, err := fileText(t, value.String(src))
		if err != nil {
			return nil, err
		}
		args.Delete(value.Str("src"))
		args.Put("body", text)
	} else if value.String(args.At("body_format")) == "form-multipart" {
		body, err := withFiles(t, args.At("body"))
		if err != nil {
			return nil, err
		}
		args.Put("body", body)
	}
	return t.Invoke(ctx, t.Module(), args, nil)
}

// fileText reads a text file of the controller.
func fileText(t Task, name string) (value.Value, error) {
	path, err := t.Find("files", name)
	if err != nil {
		return nil, err
	}
	data, secret, err := t.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !utf8.Valid(data) {
		return nil, modules.Failf("the file %s is not text; copy it to the host first and give its path there with remote_src: true", path)
	}
	if secret {
		return value.Secret(data), nil
	}
	return value.Str(data), nil
}

// withFiles gives a multipart body in which fields that name a file of the
// controller hold its bytes.
func withFiles(t Task, body value.Value) (value.Value, error) {
	fields, ok := body.(*value.Dict)
	if !ok {
		return nil, modules.Failf("body must be mapping, cannot be type %s", body.Type())
	}
	out := value.NewDict(fields.Len())
	for _, e := range fields.Entries() {
		field, ok := e.Val.(*value.Dict)
		if !ok || !value.Truth(field.At("filename")) || value.Truth(field.At("content")) {
			out.Set(e.Key, e.Val)
			continue
		}
		name := value.String(field.At("filename"))
		path, err := t.Find("files", name)
		if err != nil {
			return nil, err
		}
		data, _, err := t.ReadFile(path)
		if err != nil {
			return nil, err
		}
		filled := field.Clone()
		filled.Put("filename", value.Str(filepath.Base(name)))
		filled.Put(modules.FormFile, value.Str(base64.StdEncoding.EncodeToString(data)))
		out.Set(e.Key, filled)
	}
	return out, nil
}
