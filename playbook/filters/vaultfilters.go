package filters

import (
	"errors"
	"fmt"
	"strings"

	"drover/playbook/value"
	"drover/playbook/vault"
	"drover/playbook/yaml"
)

// vaultFilters encrypt and decrypt text.
var vaultFilters = []entry{
	{"vault", "value secret salt? vault_id? wrap_object? vaultid?", vaultFilter, impure},
	{"unvault", "value secret vault_id? vaultid?", unvaultFilter, lazy | undefinedOK},
}

// vaultTests ask whether something is encrypted.
var vaultTests = []entry{
	{"vault_encrypted", "value", vaultEncryptedTest, lazy | undefinedOK},
}

// filterVaultID is the id of text that the vault filter made.
const filterVaultID = "filter_default"

// vaultSecret gives the password argument.
func (a *args) vaultSecret() vault.Secret {
	pw, ok := value.AsString(a.val("secret"))
	if !ok {
		a.fail("Secret passed is required to be a string, instead we got %s.", className(a.val("secret")))
	}
	return vault.Secret{ID: a.strOr("vault_id", filterVaultID), Password: []byte(pw)}
}

func vaultFilter(a *args) (value.Value, error) {
	text, ok := value.AsString(a.val("value"))
	if !ok {
		return nil, fmt.Errorf("Can only vault strings, instead we got %s.", className(a.val("value")))
	}
	secret := a.vaultSecret()
	if a.err != nil {
		return nil, a.err
	}
	encrypt := func() ([]byte, error) { return vault.Encrypt([]byte(text), secret) }
	if a.has("salt") {
		encrypt = func() ([]byte, error) { return vault.EncryptSalted([]byte(text), secret, []byte(a.text("salt"))) }
	}
	out, err := encrypt()
	if err != nil {
		return nil, fmt.Errorf("Unable to encrypt: %w", err)
	}
	return value.Str(out), nil
}

// unvaultFilter opens vaulted text with the password that it is given; also what
// stands in a variable tagged !vault that no other password opens.
func unvaultFilter(a *args) (value.Value, error) {
	if u := firstUndefined(a.call); u != nil && u != a.val("value") {
		return u, nil
	}
	text, ok := value.AsString(a.val("value"))
	if u, isUndefined := a.val("value").(*value.Undefined); isUndefined {
		var sealed *yaml.SealedError
		if !errors.As(u.Err, &sealed) {
			return u, nil
		}
		text, ok = sealed.Text, true
	}
	if !ok {
		return nil, fmt.Errorf("Vault should be in the form of a string, instead we got %s.", className(a.val("value")))
	}
	secret := a.vaultSecret()
	if a.err != nil {
		return nil, a.err
	}
	if !vault.IsVault([]byte(text)) {
		return a.val("value"), nil
	}
	plain, err := vault.Secrets{secret}.Decrypt([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("Unable to decrypt: %w", err)
	}
	return value.Secret(plain), nil
}

// vaultEncryptedTest tells of vaulted text, and of what a loader decrypted:
// that is a secret by the time a template sees it, or can't be read.
func vaultEncryptedTest(a *args) (value.Value, error) {
	if u, ok := a.val("value").(*value.Undefined); ok {
		var sealed *yaml.SealedError
		if errors.As(u.Err, &sealed) {
			return value.Bool(true), nil
		}
		return u, nil
	}
	if value.IsSecret(a.val("value")) {
		return value.Bool(true), nil
	}
	s, ok := value.AsString(a.val("value"))
	return value.Bool(ok && strings.HasPrefix(s, vault.Header)), nil
}
