package filters

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"drover/playbook/value"
)

// xmlFilters turn XML into dicts and back, the way of Python's xmltodict.
var xmlFilters = []entry{
	{"ansible.utils.from_xml", "data engine?", fromXML, 0},
	{"ansible.utils.to_xml", "data engine? indent? indent_width? full_document?", toXML, 0},
}

func (a *args) xmlEngine() error {
	if e := a.strOr("engine", "xmltodict"); e != "xmltodict" {
		return fmt.Errorf("engine: %s is not supported", e)
	}
	return nil
}

// xmlElement is an element that is being read.
type xmlElement struct {
	name string
	item *value.Dict // attributes and children; nil while there are none
	text strings.Builder
}

// add puts a child or an attribute in; a repeated name makes a list.
func (e *xmlElement) add(name string, v value.Value) {
	if e.item == nil {
		e.item = value.NewDict(1)
	}
	old, ok := e.item.Lookup(name)
	if list, isList := old.(*value.List); isList {
		list.Append(v)
	} else if ok {
		e.item.Put(name, value.NewList(old, v))
	} else {
		e.item.Put(name, v)
	}
}

// result gives the element's value: its text, or a dict.
func (e *xmlElement) result() value.Value {
	text := strings.TrimSpace(e.text.String())
	switch {
	case e.item == nil && text == "":
		return value.None
	case e.item == nil:
		return value.Str(text)
	case text != "":
		e.add("#text", value.Str(text))
	}
	return e.item
}

func xmlName(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func fromXML(a *args) (value.Value, error) {
	if err := a.xmlEngine(); err != nil {
		return nil, err
	}
	root, err := parseXML(a.str("data"))
	if err != nil {
		return nil, fmt.Errorf("Error when using plugin 'from_xml': Input Xml is not valid: %w", err)
	}
	return root, nil
}

func parseXML(s string) (value.Value, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	stack := []*xmlElement{{}}
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		top := stack[len(stack)-1]
		switch t := t.(type) {
		case xml.StartElement:
			e := &xmlElement{name: xmlName(t.Name)}
			for _, attr := range t.Attr {
				e.add("@"+xmlName(attr.Name), value.Str(attr.Value))
			}
			stack = append(stack, e)
		case xml.EndElement:
			if len(stack) == 1 || top.name != xmlName(t.Name) {
				return nil, fmt.Errorf("element </%s> closes nothing", xmlName(t.Name))
			}
			stack = stack[:len(stack)-1]
			stack[len(stack)-1].add(top.name, top.result())
		case xml.CharData:
			top.text.Write(t)
		}
	}
	if len(stack) != 1 || stack[0].item == nil || stack[0].item.Len() != 1 {
		return nil, errors.New("there must be exactly one root element, closed")
	}
	return stack[0].item, nil
}

// xmlWriter writes dicts as XML.
type xmlWriter struct {
	b      strings.Builder
	indent string
}

func toXML(a *args) (value.Value, error) {
	if err := a.xmlEngine(); err != nil {
		return nil, err
	}
	w := xmlWriter{indent: "\t"}
	if a.strOr("indent", "tabs") == "spaces" {
		w.indent = strings.Repeat(" ", max(0, min(a.numOr("indent_width", 4), 64)))
	}
	d, ok := asDict(a.val("data"))
	full := a.truthOr("full_document", true)
	if !ok || full && d.Len() != 1 {
		return nil, errors.New("Error when using plugin 'to_xml': Input json is not valid: there must be exactly one root")
	}
	if full {
		w.b.WriteString(`<?xml version="1.0" encoding="utf-8"?>` + "\n")
	}
	for _, e := range d.Entries() {
		if err := w.element(value.String(e.Key), e.Val, 0); err != nil {
			return nil, fmt.Errorf("Error when using plugin 'to_xml': %w", err)
		}
	}
	return value.Str(w.b.String()), nil
}

var (
	xmlText = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;")
	xmlAttr = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "\n", "&#10;", "\r", "&#13;", "\t", "&#9;", `"`, "&quot;")
)

// maxXMLDepth bounds nesting.
const maxXMLDepth = 500

// element writes an element, or one for each value of a list.
func (w *xmlWriter) element(name string, v value.Value, depth int) error {
	if depth > maxXMLDepth {
		return fmt.Errorf("the value is nested deeper than %d levels", maxXMLDepth)
	}
	if list, ok := asSequence(v); ok {
		if depth == 0 && len(list) > 1 {
			return errors.New("document with multiple roots")
		}
		for _, e := range list {
			if err := w.element(name, e, depth); err != nil {
				return err
			}
		}
		return nil
	}
	d, ok := asDict(v)
	if !ok {
		d = value.NewDict(1)
		if v != value.None {
			d.Put("#text", value.Str(scalarText(v)))
		}
	}
	return w.write(name, d, depth)
}

func scalarText(v value.Value) string {
	if b, ok := v.(value.Bool); ok {
		return strings.ToLower(value.String(b))
	}
	return value.String(v)
}

func (w *xmlWriter) write(name string, d *value.Dict, depth int) error {
	text := ""
	children := slices.DeleteFunc(slices.Clone(d.Entries()), func(e value.Entry) bool {
		key := value.String(e.Key)
		if key == "#text" {
			text = scalarText(e.Val)
		}
		return key == "#text" || strings.HasPrefix(key, "@")
	})
	indent := strings.Repeat(w.indent, depth)
	w.b.WriteString(indent + "<" + name)
	for _, e := range d.Entries() {
		if attr, ok := strings.CutPrefix(value.String(e.Key), "@"); ok {
			w.b.WriteString(" " + attr + `="` + xmlAttr.Replace(scalarText(e.Val)) + `"`)
		}
	}
	w.b.WriteByte('>')
	if len(children) > 0 {
		w.b.WriteByte('\n')
	}
	for _, e := range children {
		if err := w.element(value.String(e.Key), e.Val, depth+1); err != nil {
			return err
		}
	}
	w.b.WriteString(xmlText.Replace(text))
	if len(children) > 0 {
		w.b.WriteString(indent)
	}
	w.b.WriteString("</" + name + ">")
	if depth > 0 {
		w.b.WriteByte('\n')
	}
	return nil
}
