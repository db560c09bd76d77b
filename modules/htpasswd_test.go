package modules

import (
	"strings"
	"testing"

	"drover/modules/target"
	"drover/playbook/value"
)

func TestHtpasswdKnowsOthersHashes(t *testing.T) {
	for _, hash := range []string{ // of "secret", made by openssl passwd and htpasswd
		"$apr1$abcdefgh$h9FWgUz3n9YxylKLlR5SQ/",
		"$1$abcdefgh$cHJi5PXp/ki/ktXzqlk6I1",
		"$5$abcdefgh$gruCpC7VkOTspMQTTSAR8mtlO9Upms.fwqE5y16JVM.",
		"{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=",
	} {
		if fits, err := passwordFits(t.Context(), target.NewFake(), "secret", hash); !fits || err != nil {
			t.Errorf("%s: %v, %v", hash, fits, err)
		}
	}
}

func TestHtpasswdKnowsItsOwnHashes(t *testing.T) {
	f := target.NewFake()
	for _, scheme := range []string{"apr_md5_crypt", "md5_crypt", "sha256_crypt", "sha512_crypt", "bcrypt", "ldap_sha1", "plaintext"} {
		hash, err := hashPassword(t.Context(), f, scheme, "secret")
		if err != nil {
			t.Errorf("%s: %v", scheme, err)
			continue
		}
		for password, want := range map[string]bool{"secret": true, "Secret": false, "": false} {
			if got, err := passwordFits(t.Context(), f, password, hash); err != nil || got != want {
				t.Errorf("%s: %q fits %s: %v, %v", scheme, password, hash, got, err)
			}
		}
	}
}

func TestHtpasswdEdits(t *testing.T) {
	const file = "/etc/pw"
	hash := ldapSHA1("secret")
	for name, tc := range map[string]struct {
		before     string
		args       []any
		check      bool
		changed    bool
		msg, after string // after "" means that there is no file
	}{
		"new file":        {"", []any{"name", "jane", "password", "secret", "hash_scheme", "ldap_sha1"}, false, true, "Created /etc/pw and added jane", "jane:" + hash + "\n"},
		"new, check mode": {"", []any{"name", "jane", "password", "secret"}, true, true, "Create /etc/pw", ""},
		"added":           {"# users\n\njoe:x", []any{"name", "jane", "password", "secret", "hash_scheme", "ldap_sha1"}, false, true, "Add/update jane", "# users\njoe:x\njane:" + hash + "\n"},
		"there":           {"jane:" + hash + "\n", []any{"name", "jane", "password", "secret"}, false, false, "jane already present", "jane:" + hash + "\n"},
		"changed":         {"jane:x\njoe:y\n", []any{"name", "jane", "password", "secret", "hash_scheme", "plaintext"}, false, true, "Add/update jane", "jane:secret\njoe:y\n"},
		"removed":         {"jane:x\njoe:y\n", []any{"name", "jane", "state", "absent"}, false, true, "Remove jane", "joe:y\n"},
		"removed, check":  {"jane:x\n", []any{"name", "jane", "state", "absent"}, true, true, "Remove jane", "jane:x\n"},
		"not there":       {"joe:y\n", []any{"name", "jane", "state", "absent"}, false, false, "jane not present", "joe:y\n"},
		"no file":         {"", []any{"name", "jane", "state", "absent"}, false, false, "jane not present", ""},
	} {
		f := target.NewFake()
		if tc.before != "" {
			f.Write(file, tc.before)
		}
		res, err := htpasswdModule().Run(t.Context(), f, &Call{Args: value.DictOf(append(tc.args, "path", file)...), Check: tc.check})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		data, _ := f.ReadFile(file)
		if res.Changed != tc.changed || res.Msg != tc.msg || string(data) != tc.after {
			t.Errorf("%s: changed=%v %q\n%s", name, res.Changed, res.Msg, data)
		}
	}
}

func TestHtpasswdRefuses(t *testing.T) {
	for want, args := range map[string][]any{
		"does not exist":     {"name", "jane", "password", "s3cret", "create", false},
		"password is needed": {"name", "jane"},
		"may have no colon":  {"name", "ja:ne", "password", "s3cret"},
		"there are apr_md5":  {"name", "jane", "password", "s3cret", "hash_scheme", "rot13"},
	} {
		f := target.NewFake()
		_, err := htpasswdModule().Run(t.Context(), f, &Call{Args: value.DictOf(append(args, "path", "/etc/pw")...)})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}
