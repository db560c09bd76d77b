package action

import "testing"

func TestEncode(t *testing.T) {
	for _, tt := range []struct{ text, encoding, want string }{
		{"é€", "", "é€"},
		{"é", "utf_8", "é"},
		{"é", "latin-1", "\xe9"},
		{"é€", "windows-1252", "\xe9\x80"},
		{"€", "cp1252", "\x80"},
		{"€", "iso-8859-15", "\xa4"},
		{"é", "cp850", "\x82"},
		{"Я", "koi8_r", "\xf1"},
		{"é", "utf-16", "\xff\xfe\xe9\x00"},
	} {
		if got, err := encode(tt.text, tt.encoding); err != nil || string(got) != tt.want {
			t.Errorf("%q in %s: %q, %v, want %q", tt.text, tt.encoding, got, err, tt.want)
		}
	}
	for text, encoding := range map[string]string{"é": "ascii", "€": "latin-1", "x": "nonsense"} {
		if got, err := encode(text, encoding); err == nil {
			t.Errorf("%q in %s gives %q", text, encoding, got)
		}
	}
}
