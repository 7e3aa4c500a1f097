package access_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/campaign"
	"github.com/prizegen/prizegen/pkg/password"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

const (
	first  = "correct horse battery staple"
	second = "incorrect donkey wire nail"
)

// An owner adds an administrator, who logs in and may then run campaigns.
func Example() {
	folder, err := os.MkdirTemp("", "access")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder) //nolint:errcheck // a temporary folder
	ctx := context.Background()
	db, err := store.Open(ctx, filepath.Join(folder, "prizegen.db"), store.Options{Create: true})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close() //nolint:errcheck // every write is committed
	control, err := access.New(access.Config{Store: db.Access()})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := control.Manager("cli").Add(ctx, "ada", access.RoleOperator, "correct horse battery staple"); err != nil {
		log.Fatal(err)
	}
	login, err := control.LogIn(ctx, "ada", "correct horse battery staple")
	if err != nil {
		log.Fatal(err)
	}
	who, err := control.Identify(ctx, login)
	if err != nil {
		log.Fatal(err)
	}
	authority := access.NewAuthority(who, campaign.New(campaign.Config{Store: db}), control)
	fmt.Println(authority.Actor, authority.Permits(access.RoleOperator))
	fmt.Println(authority.Permits(access.RoleOwner))
	// Output:
	// ada <nil>
	// this needs the role owner, and yours is operator
}

func newControl(t *testing.T, db *store.DB, secret string) *access.Control {
	t.Helper()
	c, err := access.New(access.Config{Store: db.Access(), Password: secret, Token: "configured"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// wantLogin logs in and returns the login.
func wantLogin(t *testing.T, c *access.Control, name, typed string) access.Login {
	t.Helper()
	l, err := c.LogIn(t.Context(), name, typed)
	if err != nil {
		t.Fatalf("log in as %q: got error %v, want none", name, err)
	}
	return l
}

// wantRefused checks that a name and a password are refused, without saying which is wrong.
func wantRefused(t *testing.T, c *access.Control, name, typed string) {
	t.Helper()
	if _, err := c.LogIn(t.Context(), name, typed); !errors.Is(err, access.ErrWrong) {
		t.Errorf("log in as %.40q: got error %v, want %v", name, err, access.ErrWrong)
	}
}

func wantIdentity(t *testing.T, c *access.Control, l access.Login, want access.Identity) {
	t.Helper()
	if got, err := c.Identify(t.Context(), l); err != nil || got != want {
		t.Errorf("identity: got %v with error %v, want %v", got, err, want)
	}
}

func wantEnded(t *testing.T, c *access.Control, l access.Login) {
	t.Helper()
	if got, err := c.Identify(t.Context(), l); !errors.Is(err, access.ErrWrong) {
		t.Errorf("ended login: got %v with error %v, want error %v", got, err, access.ErrWrong)
	}
}

// TestAdministrators adds, changes and removes administrators. It checks who can log in,
// which logins end, and the audit trail.
func TestAdministrators(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		c, ctx := newControl(t, db, ""), t.Context()
		m := c.Manager("cli")
		if _, err := m.Add(ctx, " Ada@Example.org ", access.RoleOwner, first); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Add(ctx, "bob", access.RoleViewer, second); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Add(ctx, "BOB", access.RoleOwner, first); !errors.Is(err, campaign.ErrExists) {
			t.Errorf("add bob again: got error %v, want %v", err, campaign.ErrExists)
		}
		ada, bob := wantLogin(t, c, "ADA@example.org", first), wantLogin(t, c, "bob", second)
		wantIdentity(t, c, ada, access.Identity{Actor: "ada@example.org", Role: access.RoleOwner})
		wantIdentity(t, c, bob, access.Identity{Actor: "bob", Role: access.RoleViewer})
		for name, typed := range map[string]string{"bob": first, "eve": first, "": first, "admin": "", "' OR 1=1": second, strings.Repeat("x", 1000): first, "bob\x00": second} {
			wantRefused(t, c, name, typed)
		}

		if err := m.SetRole(ctx, "bob", access.RoleOperator); err != nil {
			t.Fatal(err)
		}
		wantIdentity(t, c, bob, access.Identity{Actor: "bob", Role: access.RoleOperator})
		changed, err := m.SetPassword(ctx, "bob", first)
		if err != nil {
			t.Fatal(err)
		}
		wantEnded(t, c, bob)
		wantIdentity(t, c, changed, access.Identity{Actor: "bob", Role: access.RoleOperator})
		wantRefused(t, c, "bob", second)
		if err := m.Remove(ctx, "bob"); err != nil {
			t.Fatal(err)
		}
		wantEnded(t, c, changed)

		for what, err := range map[string]error{
			"remove the last owner": m.Remove(ctx, "ada@example.org"),
			"demote the last owner": m.SetRole(ctx, "ada@example.org", access.RoleOperator),
		} {
			if !errors.Is(err, campaign.ErrState) {
				t.Errorf("%s: got error %v, want %v", what, err, campaign.ErrState)
			}
		}
		_, passwordErr := m.SetPassword(ctx, "bob", first)
		for what, err := range map[string]error{"remove": m.Remove(ctx, "bob"), "role": m.SetRole(ctx, "bob", access.RoleOwner), "password": passwordErr} {
			if !errors.Is(err, campaign.ErrNotFound) {
				t.Errorf("%s of an unknown administrator: got error %v, want %v", what, err, campaign.ErrNotFound)
			}
		}
		if err := newControl(t, db, second).Manager("admin").Remove(ctx, "ada@example.org"); err != nil {
			t.Errorf("remove the last owner with a configured password: got error %v, want none", err)
		}
		wantTrail(t, db, "admin administrator.remove ada@example.org", "cli administrator.remove bob", "cli administrator.password bob",
			"cli administrator.role bob role operator", "cli administrator.add bob role viewer", "cli administrator.add ada@example.org role owner")
	})
}

// wantTrail checks the audit trail, newest change first.
func wantTrail(t *testing.T, db *store.DB, want ...string) {
	t.Helper()
	changes, err := db.Changes(t.Context(), campaign.ChangeQuery{Paging: campaign.Paging{Limit: 100}})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range changes {
		got = append(got, strings.TrimSpace(c.Actor+" "+c.Action+" "+c.Subject+" "+c.Detail))
	}
	if !slices.Equal(got, want) {
		t.Errorf("audit trail: got %q, want %q", got, want)
	}
}

// TestInvalidAdministrators checks the names, roles and passwords that are refused.
func TestInvalidAdministrators(t *testing.T) {
	m, ctx := newControl(t, storetest.Open(t, storetest.File(t)), "").Manager("cli"), t.Context()
	for _, name := range []string{"serve", "Serve", "admin", "api", "cli", "tui", "", " ", "a b", "a\nb", "a\x00", "ann\u202e", "-a", ".", "token x", "zoë", strings.Repeat("x", 65)} {
		if _, err := m.Add(ctx, name, access.RoleViewer, first); !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("name %q: got error %v, want %v", name, err, campaign.ErrInvalid)
		}
		if _, err := m.AddToken(ctx, name, access.RoleViewer); !errors.Is(err, campaign.ErrInvalid) {
			t.Errorf("name %q of a token: got error %v, want %v", name, err, campaign.ErrInvalid)
		}
	}
	for _, typed := range []string{"", "short", strings.Repeat("x", password.MaxLength+1)} {
		if _, err := m.Add(ctx, "bob", access.RoleViewer, typed); !errors.Is(err, campaign.ErrInvalid) || typed != "" && strings.Contains(err.Error(), typed) {
			t.Errorf("password %.20q: got error %v, want %v without the password", typed, err, campaign.ErrInvalid)
		}
	}
	if _, err := m.Add(ctx, "bob", "root", first); !errors.Is(err, campaign.ErrInvalid) {
		t.Errorf("role root: got error %v, want %v", err, campaign.ErrInvalid)
	}
	if list, err := m.Administrators(ctx); err != nil || len(list) > 0 {
		t.Errorf("administrators: got %v with error %v, want none", list, err)
	}
}

// TestConfiguredOwner checks that replicas with the same configured password accept the
// same logins, and that another password ends them.
func TestConfiguredOwner(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		c := newControl(t, db, first)
		l := wantLogin(t, c, "", first)
		wantIdentity(t, c, l, access.Identity{Actor: "admin", Role: access.RoleOwner})
		wantIdentity(t, newControl(t, db, first), wantLogin(t, newControl(t, db, first), "Admin", first), access.Identity{Actor: "admin", Role: access.RoleOwner})
		wantIdentity(t, newControl(t, db, first), l, access.Identity{Actor: "admin", Role: access.RoleOwner})
		wantRefused(t, c, "", second)

		other := newControl(t, db, second)
		wantEnded(t, other, l)
		wantEnded(t, newControl(t, db, ""), l)
		wantRefused(t, newControl(t, db, ""), "", "")
		wantEnded(t, newControl(t, db, first), l) // the password that was replaced, configured again

		hash, err := password.Hash(first)
		if err != nil {
			t.Fatal(err)
		}
		hashed := wantLogin(t, newControl(t, db, hash), "", first)
		wantIdentity(t, newControl(t, db, hash), hashed, access.Identity{Actor: "admin", Role: access.RoleOwner})
	})
	if _, err := access.New(access.Config{Password: "$argon2id$broken"}); err == nil {
		t.Error("New returned no error for an invalid hash")
	}
}

// TestTokens adds and revokes tokens, and checks whom they identify.
func TestTokens(t *testing.T) {
	storetest.Each(t, func(t *testing.T, address string) {
		db := storetest.Open(t, address)
		c, ctx := newControl(t, db, first), t.Context()
		m := c.Manager("ada")
		secret, err := m.AddToken(ctx, "shop", access.RoleOperator)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.AddToken(ctx, "shop", access.RoleOwner); !errors.Is(err, campaign.ErrExists) {
			t.Errorf("add again: got error %v, want %v", err, campaign.ErrExists)
		}
		for token, want := range map[string]access.Identity{
			secret:       {Actor: "token shop", Role: access.RoleOperator},
			"configured": {Actor: "api", Role: access.RoleOwner},
		} {
			if got, err := c.IdentifyToken(ctx, token); err != nil || got != want {
				t.Errorf("token: got %v with error %v, want %v", got, err, want)
			}
		}
		list, err := m.Tokens(ctx)
		if err != nil || len(list) != 1 || list[0].Name != "shop" || list[0].Role != access.RoleOperator || list[0].CreatedAt.IsZero() {
			t.Errorf("tokens: got %v with error %v, want shop", list, err)
		}
		if err := m.RevokeToken(ctx, "shop"); err != nil {
			t.Fatal(err)
		}
		if err := m.RevokeToken(ctx, "shop"); !errors.Is(err, campaign.ErrNotFound) {
			t.Errorf("revoke again: got error %v, want %v", err, campaign.ErrNotFound)
		}
		for _, token := range []string{secret, "", "prizegen_", "Configured", secret + "x"} {
			if got, err := c.IdentifyToken(ctx, token); !errors.Is(err, access.ErrToken) {
				t.Errorf("wrong token: got %v with error %v, want error %v", got, err, access.ErrToken)
			}
		}
		wantTrail(t, db, "ada token.revoke shop", "ada token.add shop role operator")
	})
}

// TestAuthority checks which values each role gets.
func TestAuthority(t *testing.T) {
	c := newControl(t, storetest.Open(t, storetest.File(t)), first)
	campaigns := campaign.New(campaign.Config{})
	for role, want := range map[access.Role]struct{ admin, manager bool }{
		access.RoleOwner: {true, true}, access.RoleOperator: {true, false}, access.RoleViewer: {false, false}, "": {false, false}, "root": {false, false},
	} {
		a := access.NewAuthority(access.Identity{Actor: "ada", Role: role}, campaigns, c)
		admin, adminErr := a.Admin()
		manager, managerErr := a.Manager()
		if (admin != nil) != want.admin || (manager != nil) != want.manager {
			t.Errorf("role %q: got an admin %t and a manager %t, want %+v", role, admin != nil, manager != nil, want)
		}
		for _, err := range []error{adminErr, managerErr} {
			var refused *access.RoleError
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("role %q: got error %v, want a RoleError", role, err)
			}
		}
	}
}
