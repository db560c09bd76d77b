package filters

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/GehirnInc/crypt"
	"github.com/GehirnInc/crypt/md5_crypt"
	"github.com/GehirnInc/crypt/sha256_crypt"
	"github.com/GehirnInc/crypt/sha512_crypt"

	"drover/internal/homedir"
	"drover/playbook/value"
)

// passwordFilters hash passwords.
var passwordFilters = []entry{
	{"password_hash", "password hashtype? salt? salt_size? rounds? ident?", passwordHash, impure},
}

// passwordLookups make and remember passwords.
var passwordLookups = []entry{
	{"password", "*terms length? chars? encrypt? ident? seed? **options", passwordLookup, impure},
	{"community.general.random_string", "*terms length? upper? lower? numbers? special? min_numeric? min_upper? min_lower? min_special? " +
		"override_special? override_all? ignore_similar_chars? similar_chars? base64? **options", randomStringLookup, impure},
}

// hashScheme is a way to hash passwords.
type hashScheme struct {
	name                 string
	maxSalt, saltSize    int
	exactSalt            bool
	rounds               int // that Ansible uses by default
	minRounds, maxRounds int
	hash                 func(password, salt string, rounds int, ident string) (string, error)
}

var hashSchemes = map[string]*hashScheme{
	"md5": {name: "md5_crypt", maxSalt: 8, saltSize: 8, hash: func(pw, salt string, _ int, _ string) (string, error) {
		return md5_crypt.New().Generate([]byte(pw), []byte("$1$"+salt))
	}},
	"sha256": {name: "sha256_crypt", maxSalt: 16, saltSize: 16, rounds: 535000, minRounds: 1000, maxRounds: 999999999,
		hash: shaCrypt("$5$", sha256_crypt.New)},
	"sha512": {name: "sha512_crypt", maxSalt: 16, saltSize: 16, rounds: 656000, minRounds: 1000, maxRounds: 999999999,
		hash: shaCrypt("$6$", sha512_crypt.New)},
	"blowfish": {name: "bcrypt", maxSalt: 22, saltSize: 22, exactSalt: true, rounds: 12, minRounds: 4, maxRounds: 31, hash: bcryptHash},
}

func schemeOf(name string) (*hashScheme, error) {
	if s := hashSchemes[name]; s != nil {
		return s, nil
	}
	for _, s := range hashSchemes {
		if s.name == name {
			return s, nil
		}
	}
	return nil, fmt.Errorf("%s is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512", name)
}

// passlibHashes are the names that Python's passlib has for what is no way to
// hash a password here.
const passlibHashes = "apr_md5_crypt argon2 atlassian_pbkdf2_sha1 bcrypt_sha256 bigcrypt bsd_nthash bsdi_crypt cisco_asa cisco_pix " +
	"cisco_type7 crypt16 cta_pbkdf2_sha1 des_crypt django_argon2 django_bcrypt django_bcrypt_sha256 django_des_crypt django_disabled " +
	"django_pbkdf2_sha1 django_pbkdf2_sha256 django_salted_md5 django_salted_sha1 dlitz_pbkdf2_sha1 fshp grub_pbkdf2_sha512 " +
	"hex_md4 hex_md5 hex_sha1 hex_sha256 hex_sha512 htdigest ldap_bcrypt ldap_bsdi_crypt ldap_des_crypt ldap_hex_md5 ldap_hex_sha1 " +
	"ldap_md5 ldap_md5_crypt ldap_pbkdf2_sha1 ldap_pbkdf2_sha256 ldap_pbkdf2_sha512 ldap_plaintext ldap_salted_md5 ldap_salted_sha1 " +
	"ldap_salted_sha256 ldap_salted_sha512 ldap_sha1 ldap_sha1_crypt ldap_sha256_crypt ldap_sha512_crypt lmhash msdcc msdcc2 " +
	"mssql2000 mssql2005 mysql323 mysql41 nthash oracle10 oracle11 pbkdf2_sha1 pbkdf2_sha256 pbkdf2_sha512 phpass plaintext " +
	"postgres_md5 roundup_plaintext scram scrypt sha1_crypt sun_md5_crypt unix_disabled unix_fallback"

func shaCrypt(prefix string, scheme func() crypt.Crypter) func(pw, salt string, rounds int, ident string) (string, error) {
	return func(pw, salt string, rounds int, _ string) (string, error) {
		if rounds != 5000 {
			salt = fmt.Sprintf("rounds=%d$%s", rounds, salt)
		}
		return scheme().Generate([]byte(pw), []byte(prefix+salt))
	}
}

// saltAlphabet is what salts are made of.
const saltAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// encrypt hashes a password; an empty salt and 0 rounds mean the usual ones.
func (s *hashScheme) encrypt(password, salt string, saltSize, rounds int, ident string) (string, error) {
	fault := func(format string, args ...any) (string, error) {
		return "", fmt.Errorf("Could not hash the secret: "+format, args...)
	}
	if salt == "" {
		if saltSize == 0 {
			saltSize = s.saltSize
		}
		if saltSize > s.maxSalt || s.exactSalt && saltSize != s.maxSalt {
			return fault("%s: salt_size must not be %d", s.name, saltSize)
		}
		salt = randomText(systemRandom{}, saltAlphabet, saltSize)
	}
	if rounds == 0 {
		rounds = s.rounds
	}
	switch {
	case strings.Trim(salt, saltAlphabet) != "":
		return fault("invalid characters in %s salt", s.name)
	case len(salt) > s.maxSalt:
		return fault("salt too large (%s requires %s%d chars)", s.name, exactly(s.exactSalt), s.maxSalt)
	case s.exactSalt && len(salt) < s.maxSalt:
		return fault("salt too small (%s requires exactly %d chars)", s.name, s.maxSalt)
	case rounds < s.minRounds:
		return fault("%s: min_desired_rounds (%d) is too low, must be at least %d", s.name, rounds, s.minRounds)
	case s.maxRounds > 0 && rounds > s.maxRounds:
		return fault("%s: max_desired_rounds (%d) is too high, must be at most %d", s.name, rounds, s.maxRounds)
	case strings.ContainsRune(password, 0):
		return fault("%s does not allow NULL bytes in password", s.name)
	}
	return s.hash(password, salt, rounds, ident)
}

func exactly(exact bool) string {
	if exact {
		return "exactly "
	}
	return "<= "
}

func passwordHash(a *args) (value.Value, error) {
	password, ok := value.AsString(a.val("password"))
	if !ok {
		return nil, fmt.Errorf("secret must be unicode or bytes, not %s", a.val("password").Type())
	}
	name := a.strOr("hashtype", "sha512")
	scheme, err := schemeOf(name)
	switch {
	case err != nil && a.call.Ctx.Env().Lenient && !slices.Contains(strings.Fields(passlibHashes), name):
		return nil, fmt.Errorf("passlib does not support '%s' algorithm", name)
	case err != nil:
		return nil, err
	}
	salt := ""
	if a.has("salt") {
		salt = a.text("salt")
	}
	saltSize, rounds, ident := a.numOr("salt_size", 0), a.numOr("rounds", 0), a.strOr("ident", "")
	if a.err != nil {
		return nil, a.err
	}
	out, err := scheme.encrypt(password, salt, saltSize, rounds, ident)
	return value.Str(out), err
}

func randomText(r source32, alphabet string, n int) string {
	chars := []rune(alphabet)
	out := make([]rune, n)
	for i := range out {
		out[i] = chars[below(r, len(chars))]
	}
	return string(out)
}

// charSets are the names that the chars option knows.
var charSets = map[string]string{
	"ascii_lowercase": "abcdefghijklmnopqrstuvwxyz",
	"ascii_uppercase": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"ascii_letters":   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
	"digits":          "0123456789",
	"hexdigits":       "0123456789abcdefABCDEF",
	"octdigits":       "01234567",
	"punctuation":     "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
	"printable": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~" +
		" \t\n\r\v\f",
	"whitespace": " \t\n\r\v\f",
}

// passwordRequest is one term of a password lookup, with its options.
type passwordRequest struct {
	path, alphabet, encrypt, ident string
	length                         int
	seed                           value.Value
}

// passwordFiles is held while password files are read and written, for hosts
// that run in parallel must see one password.
var passwordFiles sync.Mutex

func passwordLookup(a *args) (value.Value, error) {
	out := value.NewList()
	for _, term := range a.terms() {
		r, err := a.passwordRequest(term)
		if err != nil {
			return nil, err
		}
		passwordFiles.Lock()
		v, err := r.fulfil()
		passwordFiles.Unlock()
		if err != nil {
			return nil, err
		}
		out.Append(value.Str(v))
	}
	return out, a.err
}

func (a *args) passwordRequest(term string) (*passwordRequest, error) {
	first, rest, _ := strings.Cut(term, " ")
	inline, free, err := parseKV(rest)
	if err != nil {
		return nil, err
	}
	if free != "" {
		first += " " + free
		if !strings.HasPrefix(term, first) {
			return nil, errors.New("Unrecognized value after key=value parameters given to password lookup")
		}
	}
	for _, e := range inline.Entries() {
		if a.sig.index(value.String(e.Key)) < 0 {
			return nil, fmt.Errorf("Unrecognized parameter(s) given to password lookup: %s", value.String(e.Key))
		}
	}
	text := func(name string) string {
		if v := a.option(inline, name, value.None); v != value.None {
			return value.String(v)
		}
		return ""
	}
	r := &passwordRequest{path: homedir.Expand(first), encrypt: text("encrypt"), ident: text("ident"), length: 20, seed: a.option(inline, "seed", value.None)}
	if !filepath.IsAbs(r.path) {
		r.path = filepath.Join(a.host().PlaybookDir(), r.path)
	}
	if s := text("length"); s != "" {
		n, ok := atoi(s)
		if !ok || n > 100000 {
			return nil, fmt.Errorf("Config 'length' for 'password' lookup plugin has an invalid value: Invalid value provided for 'integer': '%s'", s)
		}
		r.length = int(n)
	}
	r.alphabet = passwordAlphabet(a.option(inline, "chars", value.Strings("ascii_letters", "digits", ".,:-_")))
	if r.alphabet == "" {
		return nil, errors.New("the option 'chars' of the password lookup leaves no characters to choose from")
	}
	return r, nil
}

func passwordAlphabet(chars value.Value) string {
	var specs []string
	if s, ok := value.AsString(chars); ok {
		if strings.Contains(s, ",,") {
			specs = append(specs, ",")
		}
		specs = append(specs, strings.FieldsFunc(strings.ReplaceAll(s, ",,", ","), func(r rune) bool { return r == ',' })...)
	} else {
		elems, _ := asSequence(chars)
		for _, e := range elems {
			specs = append(specs, value.String(e))
		}
	}
	alphabet := ""
	for _, spec := range specs {
		if set, ok := charSets[spec]; ok {
			spec = set
		}
		alphabet += spec
	}
	return strings.NewReplacer(`"`, "", `'`, "").Replace(alphabet)
}

// stored is what a password file holds.
type stored struct{ password, salt, ident string }

func parseStored(content string) stored {
	s := stored{password: content}
	if i := strings.LastIndex(content, " salt="); i >= 0 {
		s.password, s.salt = content[:i], content[i+len(" salt="):]
		if j := strings.LastIndex(s.salt, " ident="); j >= 0 {
			s.ident, s.salt = s.salt[j+len(" ident="):], s.salt[:j]
		}
	}
	return s
}

func (s stored) content() string {
	out := s.password
	if s.salt != "" {
		out += " salt=" + s.salt
		if s.ident != "" {
			out += " ident=" + s.ident
		}
	}
	return out + "\n"
}

const nowhere = "/dev/null"

// fulfil reads the password from its file, or makes one and writes it there.
func (r *passwordRequest) fulfil() (string, error) {
	old, found, err := r.read()
	if err != nil {
		return "", err
	}
	s := old
	if !found {
		src, err := r.source()
		if err != nil {
			return "", err
		}
		s.password = randomText(src, r.alphabet, r.length)
	}
	var scheme *hashScheme
	if r.encrypt != "" {
		if scheme, err = schemeOf(r.encrypt); err != nil {
			return "", err
		}
		if err := r.addSalt(&s, scheme); err != nil {
			return "", err
		}
	}
	if (!found || s != old) && r.path != nowhere {
		if err := writePassword(r.path, s.content()); err != nil {
			return "", err
		}
	}
	if scheme == nil {
		return s.password, nil
	}
	return scheme.encrypt(s.password, s.salt, 0, 0, s.ident)
}

func (r *passwordRequest) read() (s stored, found bool, err error) {
	if r.path == nowhere {
		return stored{}, false, nil
	}
	data, err := os.ReadFile(r.path)
	if errors.Is(err, fs.ErrNotExist) {
		return stored{}, false, nil
	}
	return parseStored(strings.TrimRight(string(data), pythonSpace)), err == nil, err
}

func (r *passwordRequest) source() (source32, error) {
	if !value.Truth(r.seed) {
		return systemRandom{}, nil
	}
	return seeded(r.seed)
}

func (r *passwordRequest) addSalt(s *stored, scheme *hashScheme) error {
	if s.salt == "" {
		s.salt = randomText(systemRandom{}, saltAlphabet, scheme.saltSize)
	}
	if s.ident != "" && r.ident != "" && s.ident != r.ident {
		return fmt.Errorf("The ident parameter provided (%s) does not match the stored one (%s).", r.ident, s.ident)
	}
	if s.ident == "" {
		s.ident = r.ident
		if s.ident == "" && scheme.name == "bcrypt" {
			s.ident = "2b"
		}
	}
	return nil
}

// writePassword writes a file that only its owner can read, in one step.
func writePassword(path, content string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	tmp := fmt.Sprintf("%s.%x.tmp", path, sha1.Sum([]byte(content)))
	if err := os.WriteFile(tmp, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
