package modules

import (
	"fmt"
	"time"

	"drover/playbook/value"
)

// The manifest is written and read by hand: encoding/json would be linked into
// the runner for it alone.

// encode gives the manifest as JSON.
func (m *backupManifest) encode() ([]byte, error) {
	entries := value.NewList()
	for i := range m.Entries {
		entries.Append(m.Entries[i].dict())
	}
	return value.AppendJSON(nil, value.DictOf("format", m.Format, "source", m.Source,
		"created", m.Created.Format(time.RFC3339Nano), "digest", m.Digest, "entries", entries,
	), value.JSONOptions{Pretty: true, Indent: " ", RawUTF8: true})
}

func (e *backupEntry) dict() *value.Dict {
	d := value.DictOf("path", e.Path, "kind", e.Kind, "mode", e.Mode, "uid", e.UID, "gid", e.GID,
		"mtime", e.Time.Format(time.RFC3339Nano))
	if e.Kind == "file" {
		d.Put("size", value.Int(e.Size))
	}
	if e.SHA256 != "" {
		d.Put("sha256", value.Str(e.SHA256))
	}
	if e.SameAs != "" {
		d.Put("same_as", value.Str(e.SameAs))
	}
	if e.Target != "" {
		d.Put("target", value.Str(e.Target))
	}
	return d
}

// decodeManifest reads what encode wrote.
func decodeManifest(data []byte) (*backupManifest, error) {
	v, err := value.ParseJSON(data)
	if err != nil {
		return nil, err
	}
	r := &manifestReader{}
	top := r.dict(v)
	m := &backupManifest{Format: int(r.int(top, "format")), Source: r.text(top, "source"),
		Created: r.time(top, "created"), Digest: r.text(top, "digest")}
	entries, _ := top.At("entries").(*value.List)
	if entries == nil {
		return nil, fmt.Errorf("it has no list of entries")
	}
	for _, e := range entries.Elems {
		d := r.dict(e)
		m.Entries = append(m.Entries, backupEntry{Path: r.text(d, "path"), Kind: r.text(d, "kind"), Mode: r.text(d, "mode"),
			UID: int(r.int(d, "uid")), GID: int(r.int(d, "gid")), Time: r.time(d, "mtime"),
			Size: r.int(d, "size"), SHA256: r.text(d, "sha256"), Target: r.text(d, "target"), SameAs: r.text(d, "same_as")})
	}
	return m, r.err
}

// manifestReader takes typed keys out of dicts and keeps the first error. A key
// that is not there is the zero value: the digest tells whether it was.
type manifestReader struct{ err error }

func (r *manifestReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

func (r *manifestReader) dict(v value.Value) *value.Dict {
	d, ok := v.(*value.Dict)
	if !ok {
		r.fail("a JSON object was expected, not %s", v.Type())
		return value.NewDict(0)
	}
	return d
}

func (r *manifestReader) text(d *value.Dict, key string) string {
	v, there := d.Lookup(key)
	text, ok := value.AsString(v)
	if there && !ok {
		r.fail("%s is no string", key)
	}
	return text
}

func (r *manifestReader) int(d *value.Dict, key string) int64 {
	v, there := d.Lookup(key)
	if !there {
		return 0
	}
	n, ok := value.AsInt(v)
	if !ok {
		r.fail("%s is no number", key)
	}
	return n
}

func (r *manifestReader) time(d *value.Dict, key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, r.text(d, key))
	if err != nil {
		r.fail("%s is no time", key)
	}
	return t
}
