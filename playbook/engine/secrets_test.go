package engine

import (
	"testing"

	"drover/modules"
	"drover/playbook/value"
)

func TestMask(t *testing.T) {
	s := &secrets{}
	for _, text := range []string{"letmein9", "letmein9-longer", "abc", "  \n", "-----BEGIN KEY-----\nMIIEvQIBADANB\nxy\n"} {
		s.add(text)
	}
	for text, want := range map[string]string{
		"":                          "",
		"nothing here":              "nothing here",
		"letmein9":                  hidden,
		"user=letmein9;":            "user=" + hidden + ";",
		"a letmein9-longer b":       "a " + hidden + " b",
		"abc":                       hidden,
		"abcdef":                    "abcdef", // too short to look for inside of text
		"line MIIEvQIBADANB of it":  "line " + hidden + " of it",
		"xy is too short of a line": "xy is too short of a line",
	} {
		if got := s.mask(text); got != want {
			t.Errorf("mask(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestSecretsOfACall(t *testing.T) {
	spec := &modules.Spec{Args: []modules.Arg{{Name: "name"}, {Name: "password", Aliases: []string{"pass"}, NoLog: true}}}
	s := &secrets{}
	s.addCall(spec, value.DictOf("name", "visible", "pass", "hush-hush", "env", value.DictOf("TOKEN", value.Secret("letmein9"))))
	result := value.DictOf("cmd", value.Strings("login", "visible", "hush-hush"), "stdout", "token letmein9", "rc", 0)

	shown := s.conceal(result)
	want := value.DictOf("cmd", value.Strings("login", "visible", hidden), "stdout", "token "+hidden, "rc", 0)
	if value.JSON(shown) != value.JSON(want) {
		t.Errorf("shown: %s", value.JSON(shown))
	}
	kept := s.mark(result)
	if got := value.JSON(kept); got != value.JSON(result) {
		t.Errorf("what register keeps differs: %s", got)
	}
	if kept.At("stdout") != value.Secret("token letmein9") {
		t.Errorf("what register keeps of the secret is not marked: %#v", kept.At("stdout"))
	}
}
