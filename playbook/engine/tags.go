package engine

import (
	"slices"
	"strings"

	"drover/playbook/value"
)

// tagFilter decides by --tags and --skip-tags which tasks take part; see
// "Tags" in Ansible's user guide for always, never, tagged, untagged and all.
type tagFilter struct {
	only, skip []string
}

func newTagFilter(only, skip []string) tagFilter {
	f := tagFilter{only: splitTags(only), skip: splitTags(skip)}
	if len(f.only) == 0 {
		f.only = []string{"all"}
	}
	return f
}

func splitTags(in []string) []string {
	var out []string
	for _, s := range in {
		for _, t := range strings.Split(s, ",") {
			if t = strings.TrimSpace(t); t != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

// runs reports whether a task with these tags takes part.
func (f tagFilter) runs(tags []string) bool {
	if len(tags) == 0 {
		tags = []string{"untagged"}
	}
	has := func(t string) bool { return slices.Contains(tags, t) }
	untagged := has("untagged") && len(tags) == 1
	run := false
	switch {
	case has("always"):
		run = true
	case slices.Contains(f.only, "all") && !has("never"):
		run = true
	case shareAny(tags, f.only):
		run = true
	case slices.Contains(f.only, "tagged") && !untagged && !has("never"):
		run = true
	}
	if !run || len(f.skip) == 0 {
		return run
	}
	switch {
	case slices.Contains(f.skip, "all"):
		return has("always") && !slices.Contains(f.skip, "always")
	case shareAny(tags, f.skip):
		return false
	case slices.Contains(f.skip, "tagged") && !untagged:
		return false
	}
	return true
}

func shareAny(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// tagNames flattens tags that are evaluated: strings and lists of them. What
// a template gives is one tag, commas or not.
func tagNames(v value.Value) []string {
	var out []string
	switch v := v.(type) {
	case value.Sequence:
		for i := range v.Len() {
			out = append(out, tagNames(v.Index(i))...)
		}
	case nil:
	default:
		out = []string{value.String(v)}
	}
	return out
}
