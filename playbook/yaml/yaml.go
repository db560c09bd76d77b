package yaml

import (
	"bytes"
	"errors"
	"io"
	"unicode/utf8"

	yaml "go.yaml.in/yaml/v4"

	"drover/internal/lazyre"
	"drover/playbook/source"
	"drover/playbook/value"
)

// Options say how text is read. The zero Options read trusted text and refuse
// !vault values.
type Options struct {
	// Untrusted text has no templates: its strings stay data.
	Untrusted bool
	// StandardTags are all that the text has: neither !vault nor !unsafe.
	StandardTags bool
	// Secret marks every string as a secret: the text came out of a vault.
	Secret bool
	// Vault decrypts the values tagged !vault.
	Vault Decrypter
	// Timestamp makes the values of dates and times; without it they stay
	// text.
	Timestamp Timestamp
	// DuplicateKeys says what a key that is given twice is: "error", "ignore",
	// else a warning.
	DuplicateKeys string
	// Warn receives warnings, such as a key that is given twice; may be nil.
	Warn func(pos source.Pos, msg string)
}

// Decrypter decrypts Ansible Vault text.
type Decrypter interface {
	Decrypt(data []byte) ([]byte, error)
}

// maxAliased bounds the nodes that aliases may add to a document, so that a
// small file can't unfold into gigabytes.
const maxAliased = 1_000_000

// Vars reads one mapping of variables. An empty document has none.
func Vars(data []byte, file string, o Options) (*value.Dict, error) {
	n, err := Document(data, file, o)
	if err != nil {
		return nil, err
	}
	if n.IsNull() {
		return value.NewDict(0), nil
	}
	if n.Kind != Mapping {
		return nil, source.Errorf(n.Pos, "a file of variables must be a mapping of names to values, but this is %s", n.What()).
			WithHint("write one 'name: value' a line")
	}
	return n.Dict(), nil
}

// Value reads one document as a value; an empty one is None.
func Value(data []byte, file string, o Options) (value.Value, error) {
	n, err := Document(data, file, o)
	if err != nil {
		return nil, err
	}
	if n == nil {
		return value.None, nil
	}
	return n.Value(), nil
}

// Parse reads one document of data that is not trusted: nothing in it is ever
// a template.
func Parse(data []byte, file string) (value.Value, error) {
	return Value(data, file, Options{Untrusted: true})
}

// Document reads exactly one document as a node, nil when it is empty. More
// than one document is an error.
func Document(data []byte, file string, o Options) (*Node, error) {
	docs, err := Documents(data, file, o)
	switch {
	case err != nil:
		return nil, err
	case len(docs) == 0:
		return nil, nil
	case len(docs) > 1:
		return nil, source.Errorf(docs[1].Pos, "expected one YAML document, but another one starts here").
			WithHint("remove the '---' above, or put the documents into files of their own")
	}
	return docs[0], nil
}

// versionLine is a directive for another version of YAML, which is read as 1.1
// is, as PyYAML does.
var versionLine = lazyre.New(`(?m)^%YAML 1\.[02-9]\b`)

// Documents reads all documents of a stream.
func Documents(data []byte, file string, o Options) (docs []*Node, err error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if bytes.Contains(data, []byte("%YAML")) { // the pattern alone costs as much as a tenth of the parser
		data = versionLine.Get().ReplaceAll(data, []byte("%YAML 1.1"))
	}
	t := &text{file: file, data: data}
	if err := t.checkEncoding(); err != nil {
		return nil, err
	}
	isJSON := !o.Untrusted && isJSON(data)
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithV3Defaults())
	if err != nil {
		return nil, source.Errorf(source.Pos{File: file}, "%s", err)
	}
	for {
		var raw yaml.Node
		err := t.load(loader, &raw)
		if errors.Is(err, io.EOF) {
			return docs, nil
		}
		if err != nil {
			return nil, t.syntaxError(err)
		}
		c := &converter{text: t, Options: o, json: isJSON, done: map[*yaml.Node]*Node{}}
		n, err := c.document(&raw)
		if err != nil {
			return nil, err
		}
		docs = append(docs, n)
	}
}

// load reads the next document; a fault of the YAML library itself becomes an
// error of the text that caused it.
func (t *text) load(l *yaml.Loader, into *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = source.Errorf(source.Pos{File: t.file}, "this text can't be read as YAML: %v", r)
		}
	}()
	return l.Load(into)
}

func (t *text) checkEncoding() error {
	if utf8.Valid(t.data) || bytes.HasPrefix(t.data, []byte{0xff, 0xfe}) || bytes.HasPrefix(t.data, []byte{0xfe, 0xff}) {
		return nil
	}
	pos := source.Pos{File: t.file, Line: 1, Col: 1}
	for rest := t.data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			break
		}
		pos.Col++
		if r == '\n' {
			pos.Line, pos.Col = pos.Line+1, 1
		}
		rest = rest[size:]
	}
	return source.Errorf(pos, "the file is not valid UTF-8 text").
		WithHint("save it in the UTF-8 encoding; binary data belongs into files/ of its own")
}
