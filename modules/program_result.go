package modules

import (
	"errors"
	"fmt"
	"strings"

	"drover/modules/target"
	"drover/playbook/value"
)

// broken is the result of a program that gave none.
func (p *program) broken(out *target.Output, msg string) *Result {
	r := &Result{Failed: true, Msg: msg}
	return r.Set("module_stdout", string(out.Stdout)).Set("module_stderr", string(out.Stderr)).Set("rc", out.RC)
}

// result reads what the program printed.
func (p *program) result(out *target.Output) (*Result, error) {
	text, junk, err := findJSON(string(out.Stdout))
	var parsed value.Value
	if err == nil {
		parsed, err = value.ParseJSON([]byte(text))
	}
	d, ok := parsed.(*value.Dict)
	if err == nil && !ok {
		err = errors.New("it is no object")
	}
	if err != nil {
		return p.broken(out, "Module result deserialization failed: "+err.Error()), nil
	}
	r := &Result{Data: d}
	if junk != "" {
		r.Warnings = append(r.Warnings, "Module invocation had junk after the JSON data: "+junk)
	}
	p.clean(r)
	return r, nil
}

// clean takes out of a result what only Ansible itself may say in one, and
// judges it where the program did not.
func (p *program) clean(r *Result) {
	for _, e := range r.Data.Entries() {
		key := value.String(e.Key)
		if strings.HasPrefix(key, "_ansible_") || key == "add_host" || key == "add_group" {
			r.Data.Delete(e.Key)
			r.Warnings = append(r.Warnings, fmt.Sprintf("Removed unexpected internal key in module return: %s = %s", key, value.String(e.Val)))
		}
	}
	if v, ok := r.Data.Lookup("results"); ok {
		switch v.(type) {
		case value.Sequence, *value.Dict:
		default:
			r.Data.Delete(value.Str("results"))
			r.Data.Put("ansible_module_results", v)
			r.Warnings = append(r.Warnings, "Found internal 'results' key in module return, renamed to 'ansible_module_results'.")
		}
	}
	if _, judged := r.Data.Lookup("failed"); !judged {
		rc, given := r.Data.Lookup("rc")
		r.Failed = given && value.String(rc) != "0"
	}
	if own, ok := r.Data.At("warnings").(*value.List); ok {
		for _, w := range own.Elems {
			r.Warnings = append(r.Warnings, value.String(w))
		}
	}
}

// findJSON finds the JSON object in what a program printed: from the first line
// that begins with a brace to the last one that ends with one. junk is what
// comes after it.
func findJSON(text string) (found, junk string, err error) {
	lines := splitLines(text)
	start := 0
	for start < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[start]), "{") {
		start++
	}
	if start == len(lines) {
		return "", "", errors.New("No start of json char found")
	}
	end := len(lines)
	for end > start && !strings.HasSuffix(strings.TrimSpace(lines[end-1]), "}") {
		end--
	}
	if end == start {
		return "", "", errors.New("No end of json char found")
	}
	if junk = strings.Join(lines[end:], "\n"); strings.TrimSpace(junk) == "" {
		junk = ""
	}
	return strings.Join(lines[start:end], "\n"), junk, nil
}
