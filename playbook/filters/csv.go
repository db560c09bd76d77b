package filters

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"drover/playbook/value"
)

// csvFilters read tables.
var csvFilters = []entry{
	{"community.general.from_csv", "value dialect? fieldnames? delimiter? skipinitialspace? strict?", fromCSV, 0},
}

// csvDialect says how fields are separated.
type csvDialect struct {
	delimiter    rune
	skipSpace    bool
	strictQuotes bool
}

// csvReader splits text into rows as Python's csv module does.
type csvReader struct {
	csvDialect
	text []rune
	pos  int
}

var errCSVQuote = errors.New("unexpected end of data")

// rows reads all rows; an empty line gives an empty row.
func (r *csvReader) rows() ([][]string, error) {
	var out [][]string
	for r.pos < len(r.text) {
		row, err := r.row()
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}

func (r *csvReader) row() ([]string, error) {
	row := []string{}
	if r.endOfLine() {
		return row, nil
	}
	for {
		field, err := r.field()
		if err != nil {
			return nil, err
		}
		row = append(row, field)
		if r.endOfLine() {
			return row, nil
		}
		r.pos++ // the delimiter
	}
}

// endOfLine reports whether the row ends here, and steps over its end.
func (r *csvReader) endOfLine() bool {
	if r.pos >= len(r.text) {
		return true
	}
	switch r.text[r.pos] {
	case '\r':
		r.pos++
		if r.pos < len(r.text) && r.text[r.pos] == '\n' {
			r.pos++
		}
		return true
	case '\n':
		r.pos++
		return true
	}
	return false
}

func (r *csvReader) field() (string, error) {
	for r.skipSpace && r.pos < len(r.text) && r.text[r.pos] == ' ' {
		r.pos++
	}
	var b strings.Builder
	if r.pos < len(r.text) && r.text[r.pos] == '"' {
		if err := r.quoted(&b); err != nil {
			return "", err
		}
	}
	for r.pos < len(r.text) {
		c := r.text[r.pos]
		if c == r.delimiter || c == '\n' || c == '\r' {
			break
		}
		b.WriteRune(c)
		r.pos++
	}
	return b.String(), nil
}

func (r *csvReader) quoted(b *strings.Builder) error {
	r.pos++
	for r.pos < len(r.text) {
		c := r.text[r.pos]
		r.pos++
		if c != '"' {
			b.WriteRune(c)
			continue
		}
		if r.pos < len(r.text) && r.text[r.pos] == '"' {
			b.WriteByte('"')
			r.pos++
			continue
		}
		if r.strictQuotes && r.pos < len(r.text) && !strings.ContainsRune("\r\n"+string(r.delimiter), r.text[r.pos]) {
			return fmt.Errorf("'%c' expected after '\"'", r.delimiter)
		}
		return nil
	}
	if r.strictQuotes {
		return errCSVQuote
	}
	return nil
}

// delimiterOf reads a one-character delimiter.
func delimiterOf(s string) (rune, error) {
	r := []rune(s)
	if len(r) != 1 {
		return 0, errors.New(`"delimiter" must be a 1-character string`)
	}
	return r[0], nil
}

func (a *args) csvDialect() (csvDialect, error) {
	d := csvDialect{delimiter: ',', skipSpace: a.truth("skipinitialspace"), strictQuotes: a.truth("strict")}
	switch name := a.strOr("dialect", "excel"); name {
	case "excel", "unix":
	case "excel-tab":
		d.delimiter = '\t'
	default:
		return d, fmt.Errorf("Dialect '%s' is not supported; there are excel, excel-tab and unix", name)
	}
	if a.has("delimiter") {
		r, err := delimiterOf(a.str("delimiter"))
		if err != nil {
			return d, fmt.Errorf("Unable to create custom dialect: %w", err)
		}
		d.delimiter = r
	}
	return d, nil
}

func fromCSV(a *args) (value.Value, error) {
	dialect, err := a.csvDialect()
	if err != nil {
		return nil, err
	}
	r := csvReader{csvDialect: dialect, text: []rune(strings.TrimPrefix(a.text("value"), "\ufeff"))}
	rows, err := r.rows()
	if err != nil {
		return nil, fmt.Errorf("Unable to process file: %w", err)
	}
	var names []value.Value
	if a.has("fieldnames") {
		names = a.list("fieldnames")
	} else {
		for len(rows) > 0 && names == nil {
			if len(rows[0]) > 0 {
				names = value.Strings(rows[0]...).Elems
			}
			rows = rows[1:]
		}
	}
	out := value.NewList()
	for _, row := range rows {
		if len(row) > 0 {
			out.Append(namedRow(names, row))
		}
	}
	return out, nil
}

// namedRow gives a row by field names; missing fields are None, those without
// a name stand under None.
func namedRow(names []value.Value, row []string) *value.Dict {
	d := value.NewDict(len(names))
	for i, name := range names {
		if i < len(row) {
			d.Set(name, value.Str(row[i]))
		}
	}
	if len(row) > len(names) {
		d.Set(value.None, value.Strings(row[len(names):]...))
	}
	for i := len(row); i < len(names); i++ {
		d.Set(names[i], value.None)
	}
	return d
}

// csvOptions are what a term may set after its key.
var csvOptions = map[string]bool{"col": true, "keycol": true, "default": true, "delimiter": true, "file": true, "encoding": true}

func csvfileLookup(a *args) (value.Value, error) {
	if len(a.rest) == 0 {
		return nil, errors.New("Search key is required but was not found")
	}
	out := value.NewList()
	for _, term := range a.terms() {
		inline, key, err := parseKV(term)
		if err != nil {
			return nil, err
		}
		if key == "" {
			return nil, errors.New("Search key is required but was not found")
		}
		for _, k := range inline.Keys() {
			if !csvOptions[value.String(k)] {
				return nil, fmt.Errorf("%s is not a valid option", value.String(k))
			}
		}
		v, err := a.csvCell(inline, key)
		if err != nil {
			return nil, err
		}
		if list, ok := v.(*value.List); ok {
			out.Append(list.Elems...)
		} else if v != value.None {
			out.Append(v)
		}
	}
	return out, nil
}

// option gives an option of a lookup: from its term, its arguments, or def.
func (a *args) option(inline *value.Dict, name string, def value.Value) value.Value {
	if v, ok := inline.Lookup(name); ok {
		return v
	}
	if v := a.lookup(name); v != nil {
		return v
	}
	return def
}

func (a *args) csvCell(inline *value.Dict, key string) (value.Value, error) {
	text := func(name, def string) string { return value.String(a.option(inline, name, value.Str(def))) }
	file := text("file", "ansible.csv")
	_, data, secret, err := a.read("files", file)
	if err != nil {
		return nil, fmt.Errorf("csvfile: No such file or directory: %w", err)
	}
	content, err := decodeText(data, text("encoding", "utf-8"))
	if err != nil {
		return nil, fmt.Errorf("csvfile: %w", err)
	}
	delimiter := text("delimiter", "TAB")
	if delimiter == "TAB" || delimiter == `\t` {
		delimiter = "\t"
	}
	r := csvReader{text: []rune(content)}
	if r.delimiter, err = delimiterOf(delimiter); err != nil {
		return nil, fmt.Errorf("csvfile: %w", err)
	}
	rows, err := r.rows()
	if err != nil {
		return nil, fmt.Errorf("csvfile: %w", err)
	}
	keyCol, err := columnNumber(text("keycol", "0"))
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		if len(row) == 0 {
			continue
		}
		switch found, err := cell(row, keyCol); {
		case err != nil:
			return nil, err
		case found != key:
			continue
		}
		col, err := columnNumber(text("col", "1"))
		if err != nil {
			return nil, err
		}
		v, err := cell(row, col)
		return maybeSecret(v, secret), err
	}
	return a.option(inline, "default", value.None), nil
}

// cell gives a column of a row, counted from the end when negative.
func cell(row []string, n int) (string, error) {
	if n < 0 {
		n += len(row)
	}
	if n < 0 || n >= len(row) {
		return "", errors.New("csvfile: list index out of range")
	}
	return row[n], nil
}

func columnNumber(s string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("csvfile: invalid literal for int() with base 10: '%s'", s)
	}
	return n, nil
}
