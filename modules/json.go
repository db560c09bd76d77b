package modules

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"strings"

	"drover/playbook/value"
)

// ParseJSON reads JSON text, keeping the order of keys and the difference of
// integers and floats.
func ParseJSON(data []byte) (value.Value, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := parseJSON(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the JSON value")
	}
	return v, nil
}

func parseJSON(dec *json.Decoder) (value.Value, error) {
	t, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Delim:
		if t == '{' {
			return parseObject(dec)
		}
		return parseArray(dec)
	case json.Number:
		if n, ok := new(big.Int).SetString(t.String(), 10); ok {
			return value.NewInt(n), nil
		}
		f, err := t.Float64()
		return value.Float(f), err
	default:
		return value.FromGo(t), nil
	}
}

func parseObject(dec *json.Decoder) (value.Value, error) {
	d := value.NewDict(4)
	for dec.More() {
		k, err := dec.Token()
		if err != nil {
			return nil, err
		}
		v, err := parseJSON(dec)
		if err != nil {
			return nil, err
		}
		d.Put(k.(string), v)
	}
	_, err := dec.Token()
	return d, err
}

func parseArray(dec *json.Decoder) (value.Value, error) {
	l := value.NewList()
	for dec.More() {
		v, err := parseJSON(dec)
		if err != nil {
			return nil, err
		}
		l.Append(v)
	}
	_, err := dec.Token()
	return l, err
}

// JSON prints a value as Python's json.dumps does: a blank after colons and
// commas, everything outside ASCII escaped.
func JSON(v value.Value) string {
	var b strings.Builder
	writeJSON(&b, v)
	return b.String()
}

func writeJSON(b *strings.Builder, v value.Value) {
	switch v := v.(type) {
	case *value.Dict:
		b.WriteByte('{')
		for i, e := range v.Entries() {
			if i > 0 {
				b.WriteString(", ")
			}
			writeJSONString(b, value.String(e.Key))
			b.WriteString(": ")
			writeJSON(b, e.Val)
		}
		b.WriteByte('}')
	case *value.List:
		writeJSONList(b, v.Elems)
	case value.Tuple:
		writeJSONList(b, v)
	case value.Bool:
		fmt.Fprintf(b, "%t", bool(v))
	case value.Int, value.Float, *value.BigInt:
		b.WriteString(value.String(v))
	default:
		if v == nil || v == value.None {
			b.WriteString("null")
			return
		}
		writeJSONString(b, value.String(v))
	}
}

func writeJSONList(b *strings.Builder, vs []value.Value) {
	b.WriteByte('[')
	for i, v := range vs {
		if i > 0 {
			b.WriteString(", ")
		}
		writeJSON(b, v)
	}
	b.WriteByte(']')
}

func writeJSONString(b *strings.Builder, s string) {
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r >= 0x20 && r < 0x7f:
			b.WriteRune(r)
		case r > 0xffff:
			r -= 0x10000
			fmt.Fprintf(b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		default:
			fmt.Fprintf(b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
}
