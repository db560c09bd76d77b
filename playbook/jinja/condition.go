package jinja

import (
	"errors"
	"strings"

	"drover/playbook/source"
	"drover/playbook/value"
)

// Condition evaluates the bare expression of a when, until or failed_when,
// which must give a boolean (any value does in Lenient mode).
func (c *Context) Condition(expr string, pos source.Pos) (bool, error) {
	defer c.begin()()
	ok, err := c.condition(expr, pos)
	return ok, finish(placeError(err, pos))
}

// ConditionValue is Condition for what a keyword holds: a boolean, an
// expression, or a template that gives either.
func (c *Context) ConditionValue(v value.Value, pos source.Pos) (bool, error) {
	switch v := v.(type) {
	case value.Bool:
		return bool(v), nil
	case value.Str:
		return c.Condition(string(v), pos)
	case *value.Template:
		return c.Condition(v.Src, v.Pos)
	}
	if v == value.None && c.env.loose() {
		return c.emptyCondition(pos) // as one that is empty
	}
	defer c.begin()()
	ok, err := c.boolean(v, pos)
	return ok, finish(err)
}

func (c *Context) condition(expr string, pos source.Pos) (bool, error) {
	trimmed := strings.TrimSpace(expr)
	switch {
	case trimmed == "" && c.env.loose():
		return c.emptyCondition(pos)
	case trimmed == "":
		return false, &source.Error{Pos: pos, Msg: "Empty conditional expressions are not allowed.", Err: &TypeError{}}
	case isWholeTemplate(trimmed):
		return c.templatedCondition(trimmed, pos)
	}
	v, err := c.expression(expr, pos, true)
	if KindOf(err) == KindSyntax && HasMarkup(expr) {
		if c.env.Lenient {
			return c.templatedCondition(expr, pos)
		}
		err = hinted(err, "template delimiters are not supported in expressions: write the names without {{ }}")
	}
	if err != nil {
		return false, err
	}
	return c.boolean(v, pos)
}

func isWholeTemplate(s string) bool {
	return (strings.HasPrefix(s, "{{") || strings.HasPrefix(s, "{%")) &&
		(strings.HasSuffix(s, "}}") || strings.HasSuffix(s, "%}"))
}

func hinted(err error, hint string) error {
	var e *source.Error
	if errors.As(err, &e) {
		h := *e
		h.Hint = hint
		return &h
	}
	return err
}

// delimitersWarning warns of a conditional that is a template.
func (e *Env) delimitersWarning(src string) string {
	if e.Lenient {
		return "conditional statements should not include jinja2 templating delimiters such as {{ }} or {% %}. Found: " + src
	}
	return "Conditionals should not be surrounded by templating delimiters such as {{ }} or {% %}."
}

// templatedCondition evaluates a conditional written as a template.
func (c *Context) templatedCondition(src string, pos source.Pos) (bool, error) {
	if !c.DelimitersFine {
		c.env.warn(pos, c.env.delimitersWarning(src))
	}
	tpl, err := c.env.cached(sourceKey{src: src, pos: pos, kind: 't'}, func() (*template, error) {
		return c.env.parseTemplate(src, pos)
	})
	if err != nil {
		return false, err
	}
	v, trusted, err := c.renderTrust(tpl)
	if err != nil {
		return false, err
	}
	s, isText := value.AsString(v)
	if !isText {
		return c.boolean(v, pos)
	}
	if err := c.descend(); err != nil {
		return false, err
	}
	defer c.ascend()
	switch {
	case s == "" && c.env.Lenient:
		return false, nil
	case trusted && (c.env.Lenient || isReference(tpl.single())):
		return c.condition(s, pos)
	case c.env.Lenient:
		return c.WithoutLookups().foreignCondition(s, pos)
	}
	return false, &source.Error{
		Pos: pos, Msg: "Encountered untrusted template or expression.",
		Hint: "the template gives the text of an expression; write the expression itself",
	}
}

// foreignCondition evaluates a conditional that a template made of what hosts or
// lookups said, as versions before 2.19 do: as an expression, never as a template.
func (c *Context) foreignCondition(expr string, pos source.Pos) (bool, error) {
	c.lenientOn(pos, "the conditional is made of text from a host or a lookup and is evaluated without lookups", "write the names without {{ }}")
	v, err := c.expression(expr, pos, false)
	if err != nil {
		return false, err
	}
	return c.boolean(v, pos)
}

// isReference reports whether an expression is a variable, or a part of one.
func isReference(x expr) bool { return rootOf(x) != nil }

// boolean gives the truth of a conditional's result.
func (c *Context) boolean(v value.Value, pos source.Pos) (bool, error) {
	switch v := v.(type) {
	case value.Bool:
		return bool(v), nil
	case *value.Undefined:
		if !v.Plain {
			return false, &UndefinedError{v}
		}
	}
	v, err := c.finalize(v, true)
	if err != nil {
		return false, err
	}
	if v == value.Omit && !c.env.Lenient {
		return false, &source.Error{Pos: pos, Msg: "the conditional gives omit, which is neither true nor false", Hint: "use default() with true or false"}
	}
	truth := value.Truth(v)
	err = TypeErrorf("Conditional result (%s) was derived from value of type '%s'. Conditionals must have a boolean result.",
		value.String(value.Bool(truth)), v.Type())
	if c.env.loose() {
		c.env.warn(pos, err.Error()+" Its truth counts "+c.env.looseness()+" only: "+conditionHint)
		return truth, nil
	}
	return false, &source.Error{
		Pos: pos, Msg: err.Error(), Err: err,
		Hint: shownValue(v) + conditionHint,
	}
}

// loose reports whether conditions may be any value.
func (e *Env) loose() bool { return e.Lenient || e.AnyCondition }

// looseness names what makes them loose.
func (e *Env) looseness() string {
	if e.Lenient {
		return "in the mode of 2.18"
	}
	return "with allow_broken_conditionals"
}

// emptyCondition is the truth of no condition at all where one may be any value.
func (c *Context) emptyCondition(pos source.Pos) (bool, error) {
	if c.env.AnyCondition {
		c.env.warn(pos, "an empty condition counts as true, "+c.env.looseness()+" only: write true")
	}
	return true, nil
}

const conditionHint = "compare with what you expect, or ask: x is truthy, x is defined, x | length > 0"

// shownValue says what a value is in the hint of an error; it may be a secret.
func shownValue(v value.Value) string {
	const most = 60
	if value.IsSecret(v) {
		return ""
	}
	text := []rune(value.Repr(v))
	if len(text) > most {
		text = append(text[:most], '…')
	}
	return "the value is " + string(text) + ": "
}
