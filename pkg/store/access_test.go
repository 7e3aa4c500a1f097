package store_test

import (
	"path/filepath"
	"reflect"
	"testing"

	"github.com/prizegen/prizegen/pkg/access"
	"github.com/prizegen/prizegen/pkg/store"
	"github.com/prizegen/prizegen/pkg/store/storetest"
)

// TestBackupOfAdministrators checks that a backup contains administrators and tokens, but not
// the credentials of the configured owner.
func TestBackupOfAdministrators(t *testing.T) {
	const secret = "correct horse battery staple"
	storetest.Each(t, func(t *testing.T, address string) {
		ctx, db := t.Context(), storetest.Open(t, storetest.File(t))
		control, err := access.New(access.Config{Store: db.Access(), Password: secret})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := control.Manager("cli").Add(ctx, "ada", access.RoleOperator, secret); err != nil {
			t.Fatal(err)
		}
		token, err := control.Manager("cli").AddToken(ctx, "shop", access.RoleViewer)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := control.LogIn(ctx, "", secret); err != nil { // stores credentials
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "backup.db")
		if err := db.Backup(ctx, file, nil); err != nil {
			t.Fatal(err)
		}
		restored, err := store.Open(ctx, address, store.Options{Create: true})
		if err != nil {
			t.Fatal(err)
		}
		defer restored.Close() //nolint:errcheck // no longer used
		if err := restored.Restore(ctx, file, nil); err != nil {
			t.Fatal(err)
		}
		want, err := db.Access().Administrator(ctx, "ada")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := restored.Access().Administrator(ctx, "ada"); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("restored administrator: got %+v with error %v, want %+v", got, err, want)
		}
		if got, err := restored.Access().Owner(ctx); err != nil || got != (access.Credentials{}) {
			t.Errorf("restored credentials of the configured owner: got %+v with error %v, want none", got, err)
		}
		again, err := access.New(access.Config{Store: restored.Access()})
		if err != nil {
			t.Fatal(err)
		}
		if who, err := again.IdentifyToken(ctx, token); err != nil || who.Actor != "token shop" {
			t.Errorf("restored token: got %+v with error %v, want token shop", who, err)
		}
	})
}
