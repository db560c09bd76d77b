package modules

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// encodeBody gives the text to send and sets the Content-Type that goes with
// it unless the user gave one.
func (a *uriArgs) encodeBody(h target.Host, headers *value.Dict) (string, error) {
	if a.Src != "" {
		if a.Body != nil {
			return "", Failf("parameters are mutually exclusive: body|src")
		}
		switch a.BodyFormat {
		case "json":
			setContentType(headers, "application/json")
		case "form-urlencoded":
			setContentType(headers, "application/x-www-form-urlencoded")
		}
		data, err := h.ReadFile(a.Src)
		if err != nil {
			return "", Failf("Unable to open source file %s: %w", a.Src, reason(err))
		}
		return string(data), nil
	}
	if a.Body == nil {
		a.Body = value.None
	}
	text, isText := value.AsString(a.Body)
	switch a.BodyFormat {
	case "json":
		setContentType(headers, "application/json")
		if !isText {
			text = value.JSON(a.Body)
		}
		return text, nil
	case "form-urlencoded":
		setContentType(headers, "application/x-www-form-urlencoded")
		if isText || a.Body == value.None {
			return text, nil
		}
		return urlEncode(a.Body)
	case "form-multipart":
		return encodeMultipart(h, a.Body, headers)
	}
	if isText || a.Body == value.None {
		return text, nil
	}
	return value.String(a.Body), nil
}

func setContentType(headers *value.Dict, contentType string) {
	for _, e := range headers.Entries() {
		if strings.EqualFold(value.String(e.Key), "content-type") {
			return
		}
	}
	headers.Put("Content-Type", value.Str(contentType))
}

// urlEncode encodes a dictionary or a list of pairs; a list as a value gives
// its name several times.
func urlEncode(body value.Value) (string, error) {
	var pairs []string
	add := func(key, val value.Value) {
		vals := []value.Value{val}
		if list, ok := val.(*value.List); ok {
			vals = list.Elems
		}
		for _, v := range vals {
			if v == value.None {
				continue
			}
			pairs = append(pairs, url.QueryEscape(value.String(key))+"="+url.QueryEscape(value.String(v)))
		}
	}
	switch b := body.(type) {
	case *value.Dict:
		for _, e := range b.Entries() {
			add(e.Key, e.Val)
		}
	case *value.List:
		for _, e := range b.Elems {
			key, val, err := unpackPair(e)
			if err != nil {
				return "", Failf("failed to parse body as form_urlencoded: %w", err)
			}
			add(key, val)
		}
	default:
		return "", Failf("failed to parse body as form_urlencoded: it must be a dictionary or a list of pairs, not %s", body.Type())
	}
	return strings.Join(pairs, "&"), nil
}

// unpackPair takes an element of a list apart that has to be a name and its
// value; as in Python, anything that has two parts will do.
func unpackPair(v value.Value) (key, val value.Value, err error) {
	var parts []value.Value
	switch v := v.(type) {
	case value.Sequence:
		for i := range v.Len() {
			parts = append(parts, v.Index(i))
		}
	case *value.Dict:
		for _, e := range v.Entries() {
			parts = append(parts, e.Key)
		}
	default:
		text, ok := value.AsString(v)
		if !ok {
			return nil, nil, fmt.Errorf("cannot unpack non-iterable %s object", v.Type())
		}
		for _, r := range text {
			parts = append(parts, value.Str(r))
		}
	}
	switch {
	case len(parts) > 2:
		return nil, nil, errors.New("too many values to unpack (expected 2)")
	case len(parts) < 2:
		return nil, nil, fmt.Errorf("not enough values to unpack (expected 2, got %d)", len(parts))
	}
	return parts[0], parts[1], nil
}
