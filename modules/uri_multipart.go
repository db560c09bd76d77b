package modules

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"mime/multipart"
	"net/textproto"
	"path"
	"slices"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// FormFile is the key under which the controller's half of uri puts the bytes
// of its own file, in base64, into a field of a form.
const FormFile = "_file"

// encodeMultipart encodes a dictionary of fields, sorted by name; a field is
// text, or a dictionary with content or filename (a file on the host).
func encodeMultipart(h target.Host, body value.Value, headers *value.Dict) (string, error) {
	fields, ok := body.(*value.Dict)
	if !ok {
		return "", Failf("failed to parse body as form-multipart: Mapping is required, cannot be type %s", body.Type())
	}
	entries := slices.Clone(fields.Entries())
	slices.SortFunc(entries, func(a, b value.Entry) int { return strings.Compare(value.String(a.Key), value.String(b.Key)) })
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for _, e := range entries {
		if err := addPart(w, h, value.String(e.Key), e.Val); err != nil {
			return "", Failf("failed to parse body as form-multipart: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return "", Failf("failed to encode the body: %w", err)
	}
	headers.Put("Content-Type", value.Str(w.FormDataContentType()))
	return b.String(), nil
}

func addPart(w *multipart.Writer, h target.Host, name string, field value.Value) error {
	header := textproto.MIMEHeader{"Content-Type": {"text/plain"}}
	disposition := map[string]string{"name": name}
	var content []byte
	if f, ok := field.(*value.Dict); ok {
		var err error
		if content, err = filePart(h, f, header, disposition); err != nil {
			return err
		}
	} else {
		text, ok := value.AsString(field)
		if !ok {
			return fmt.Errorf("value must be a string, or mapping, cannot be type %s", field.Type())
		}
		content = []byte(text)
	}
	header.Set("Content-Disposition", mime.FormatMediaType("form-data", disposition))
	part, err := w.CreatePart(header)
	if err == nil {
		_, err = part.Write(content)
	}
	return err
}

// filePart gives the contents of a field that is a dictionary, encoded when
// they come from a file, and completes the part's headers.
func filePart(h target.Host, f *value.Dict, header textproto.MIMEHeader, disposition map[string]string) ([]byte, error) {
	filename, content := textOf(f, "filename"), textOf(f, "content")
	if filename == "" && content == "" {
		return nil, fmt.Errorf("at least one of filename or content must be provided")
	}
	header.Set("Content-Type", "application/octet-stream")
	if filename != "" {
		disposition["filename"] = path.Base(filename)
		if byName := mime.TypeByExtension(path.Ext(filename)); byName != "" {
			header.Set("Content-Type", byName)
		}
	}
	if given := textOf(f, "mime_type"); given != "" {
		header.Set("Content-Type", given)
	}
	if content != "" {
		return []byte(content), nil
	}
	data, err := formFile(h, f, filename)
	if err != nil {
		return nil, err
	}
	return transferEncode(data, textOf(f, "multipart_encoding"), header)
}

// formFile gives the bytes of a field's file: the controller's, or the host's.
func formFile(h target.Host, f *value.Dict, filename string) ([]byte, error) {
	if data := textOf(f, FormFile); data != "" {
		return base64.StdEncoding.DecodeString(data)
	}
	data, err := h.ReadFile(filename)
	if err != nil {
		return nil, fmt.Errorf("can't read %s: %w", filename, reason(err))
	}
	return data, nil
}

// transferEncode encodes a file as the field asks for: base64 by default.
func transferEncode(data []byte, encoding string, header textproto.MIMEHeader) ([]byte, error) {
	switch encoding {
	case "", "base64":
		header.Set("Content-Transfer-Encoding", "base64")
		return base64Lines(data), nil
	case "7or8bit":
		bits := "7bit"
		if slices.ContainsFunc(data, func(b byte) bool { return b >= 0x80 }) {
			bits = "8bit"
		}
		header.Set("Content-Transfer-Encoding", bits)
		return data, nil
	}
	return nil, fmt.Errorf("multipart_encoding must be one of base64, 7or8bit, not %s", encoding)
}

// base64Lines encodes in lines of 76 characters, as mails have them.
func base64Lines(data []byte) []byte {
	const width = 76
	text := base64.StdEncoding.EncodeToString(data)
	var b bytes.Buffer
	for len(text) > width {
		b.WriteString(text[:width] + "\r\n")
		text = text[width:]
	}
	b.WriteString(text + "\r\n")
	return b.Bytes()
}

// textOf gives a key's value as text, "" when it is not there or None.
func textOf(d *value.Dict, key string) string {
	if v, ok := d.Lookup(key); ok && v != value.None {
		return value.String(v)
	}
	return ""
}
