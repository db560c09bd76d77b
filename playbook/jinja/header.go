package jinja

import (
	"strings"

	"drover/playbook/source"
)

// headerPrefix starts the line that overrides the options of a template.
const headerPrefix = "#jinja2:"

func headerError(err error, pos source.Pos) error {
	return &source.Error{
		Pos: pos, Err: &syntaxError{msg: err.Error()},
		Msg: "Syntax error in template: " + err.Error(),
	}
}

// parseHeader reads the "#jinja2: key: value, …" line at the top of src into o
// and gives the text below it.
func parseHeader(src string, o *FileOptions) (rest string, err error) {
	line, rest, ok := strings.Cut(src, "\n")
	if !ok {
		return "", valueErrorf("Missing newline after '#jinja2:' override.")
	}
	for _, pair := range splitHeader(strings.TrimPrefix(line, headerPrefix)) {
		if strings.TrimSpace(pair) == "" {
			return "", valueErrorf("Empty '#jinja2:' override pair not allowed.")
		}
		key, val, ok := strings.Cut(pair, ":")
		if !ok {
			return "", valueErrorf("Missing key-value separator `:` in '#jinja2:' override pair '%s'.", pair)
		}
		if err := o.override(strings.TrimSpace(key), strings.TrimSpace(val)); err != nil {
			return "", err
		}
	}
	return rest, o.validate()
}

// splitHeader splits at commas outside quotes.
func splitHeader(s string) []string {
	var parts []string
	var quote byte
	start := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == ',':
			parts = append(parts, s[start:i])
			start = i + 1
		}
	}
	return append(parts, s[start:])
}

func (o *FileOptions) override(key, val string) error {
	bools := map[string]*bool{
		"trim_blocks": &o.TrimBlocks, "lstrip_blocks": &o.LstripBlocks,
		"keep_trailing_newline": &o.KeepTrailingNewline,
	}
	texts := map[string]*string{
		"newline_sequence":   &o.NewlineSequence,
		"block_start_string": &o.BlockStart, "block_end_string": &o.BlockEnd,
		"variable_start_string": &o.VariableStart, "variable_end_string": &o.VariableEnd,
		"comment_start_string": &o.CommentStart, "comment_end_string": &o.CommentEnd,
		"line_statement_prefix": &o.LineStatement, "line_comment_prefix": &o.LineComment,
	}
	switch {
	case val == "None" && (key == "line_statement_prefix" || key == "line_comment_prefix"):
		*texts[key] = ""
		return nil
	case bools[key] != nil:
		return overrideBool(key, val, bools[key])
	case texts[key] != nil:
		return overrideText(key, val, texts[key])
	}
	return valueErrorf("Invalid '#jinja2:' override key '%s'.", key)
}

func overrideBool(key, val string, p *bool) error {
	switch val {
	case "True":
		*p = true
	case "False":
		*p = false
	default:
		return valueErrorf("The value of '%s' must be True or False, not %s", key, val)
	}
	return nil
}

func overrideText(key, val string, p *string) error {
	n := len(val)
	if n < 2 || val[0] != val[n-1] || val[0] != '\'' && val[0] != '"' {
		return valueErrorf("The value of '%s' must be a quoted string, not %s", key, val)
	}
	s, err := unescape(val[1 : n-1])
	if err != nil {
		return err
	}
	*p = s
	return nil
}

// validate reports options that can't work together.
func (o *FileOptions) validate() error {
	if o.BlockStart == o.VariableStart || o.BlockStart == o.CommentStart || o.VariableStart == o.CommentStart {
		return valueErrorf("Block, variable and comment start strings must be different.")
	}
	for name, s := range map[string]string{
		"block_start_string": o.BlockStart, "block_end_string": o.BlockEnd,
		"variable_start_string": o.VariableStart, "variable_end_string": o.VariableEnd,
		"comment_start_string": o.CommentStart, "comment_end_string": o.CommentEnd,
	} {
		if s == "" {
			return valueErrorf("The option '%s' must not be empty.", name)
		}
	}
	switch o.NewlineSequence {
	case "\n", "\r\n", "\r":
		return nil
	}
	return valueErrorf(`The option 'newline_sequence' must be one of "\n", "\r\n" and "\r".`)
}

// withDefaults fills the texts that are not set.
func (o FileOptions) withDefaults() FileOptions {
	d := DefaultFileOptions()
	for _, p := range [][2]*string{
		{&o.NewlineSequence, &d.NewlineSequence}, {&o.BlockStart, &d.BlockStart}, {&o.BlockEnd, &d.BlockEnd},
		{&o.VariableStart, &d.VariableStart}, {&o.VariableEnd, &d.VariableEnd},
		{&o.CommentStart, &d.CommentStart}, {&o.CommentEnd, &d.CommentEnd},
	} {
		if *p[0] == "" {
			*p[0] = *p[1]
		}
	}
	return o
}
