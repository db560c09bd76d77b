package modules

import (
	"bytes"
	"mime"
	"mime/multipart"
	"net/textproto"
	"net/url"
	"path"
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
		data, err := h.ReadFile(a.Src)
		if err != nil {
			return "", Failf("Unable to open source file %s: %w", a.Src, reason(err))
		}
		return string(data), nil
	}
	if a.Body == nil || a.Body == value.None {
		return "", nil
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
		if isText {
			return text, nil
		}
		return urlEncode(a.Body)
	case "form-multipart":
		return encodeMultipart(h, a.Body, headers)
	}
	if isText {
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
			pair, ok := e.(value.Sequence)
			if !ok || pair.Len() != 2 {
				return "", Failf("failed to parse body as form_urlencoded: each element of the list must be a pair [name, value]")
			}
			add(pair.Index(0), pair.Index(1))
		}
	default:
		return "", Failf("failed to parse body as form_urlencoded: it must be a dictionary or a list of pairs, not %s", body.Type())
	}
	return strings.Join(pairs, "&"), nil
}

// encodeMultipart encodes a dictionary of fields; a field is text, or a
// dictionary with content or filename (a file on the host) and mime_type.
func encodeMultipart(h target.Host, body value.Value, headers *value.Dict) (string, error) {
	fields, ok := body.(*value.Dict)
	if !ok {
		return "", Failf("failed to parse body as form-multipart: it must be a dictionary, not %s", body.Type())
	}
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, e := range fields.Entries() {
		header, content, err := multipartField(h, value.String(e.Key), e.Val)
		if err != nil {
			return "", err
		}
		part, err := w.CreatePart(header)
		if err != nil {
			return "", Failf("failed to encode field %s: %w", value.String(e.Key), err)
		}
		if _, err := part.Write(content); err != nil {
			return "", Failf("failed to encode field %s: %w", value.String(e.Key), err)
		}
	}
	if err := w.Close(); err != nil {
		return "", Failf("failed to encode the body: %w", err)
	}
	headers.Put("Content-Type", value.Str(w.FormDataContentType()))
	return b.String(), nil
}

func multipartField(h target.Host, name string, field value.Value) (textproto.MIMEHeader, []byte, error) {
	disposition := map[string]string{"name": name}
	contentType := "text/plain"
	var content []byte
	switch f := field.(type) {
	case *value.Dict:
		filename, text := f.At("filename"), f.At("content")
		if filename == value.None && text == value.None {
			return nil, nil, Failf("at least one of filename or content must be provided for field %s", name)
		}
		if filename != value.None {
			disposition["filename"] = path.Base(value.String(filename))
			contentType = "application/octet-stream"
			if byName := mime.TypeByExtension(path.Ext(value.String(filename))); byName != "" {
				contentType = byName
			}
		}
		if given := f.At("mime_type"); given != value.None {
			contentType = value.String(given)
		}
		content = []byte(value.String(text))
		if text == value.None {
			var err error
			if content, err = h.ReadFile(value.String(filename)); err != nil {
				return nil, nil, Failf("can't read %s for field %s: %w", value.String(filename), name, reason(err))
			}
		}
	default:
		content = []byte(value.String(field))
	}
	return textproto.MIMEHeader{
		"Content-Disposition": {mime.FormatMediaType("form-data", disposition)},
		"Content-Type":        {contentType},
	}, content, nil
}
