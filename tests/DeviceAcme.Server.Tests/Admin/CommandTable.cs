namespace DeviceAcme.Server.Tests.Admin;

/// <summary>Which command asks for which operation of the admin API. They run one after another on one server; FOLDER has tls-server.yaml, devices.csv, ca.pem and key.pem.</summary>
internal static class CommandTable
{
    /// <summary>Operations whose answer the commands get in another way.</summary>
    public static IReadOnlyList<string> Elsewhere { get; } =
    [
        // device show looks for a device by any of its names, which a list does; the entry is the same
        "GET /admin/v1/devices/{id}",
    ];

    public static IReadOnlyList<(string Operation, string Command)> Commands { get; } =
    [
        ("GET /admin/v1/openapi.json", "openapi"),
        ("GET /admin/v1/self", "token self"),

        ("GET /admin/v1/accounts", "account list"),
        ("GET /admin/v1/accounts/{id}", "account show x"),
        ("POST /admin/v1/accounts/{id}/deactivate", "account deactivate x --reason x"),

        ("GET /admin/v1/anchors", "anchors list"),
        ("GET /admin/v1/anchors/versions", "anchors list --versions"),
        ("GET /admin/v1/anchors/diff", "anchors diff"),
        ("GET /admin/v1/anchors/export", "anchors export FOLDER/new"),
        ("GET /admin/v1/anchors/sets/{hash}", "anchors set 00"),
        ("POST /admin/v1/anchors/imports", "anchors import FOLDER/ca.pem --folder x"),
        ("POST /admin/v1/anchors/distrusts", "anchors distrust 00 --reason x"),

        ("GET /admin/v1/attestation-keys", "attestation-keys list"),
        ("POST /admin/v1/attestation-keys/{id}/revoke", "attestation-keys revoke x"),

        ("GET /admin/v1/audit", "audit list --since 1h"),
        ("GET /admin/v1/audit/export", "audit export"),
        ("GET /admin/v1/audit/head", "audit head"),

        ("GET /admin/v1/certificates", "certificate list"),
        ("GET /admin/v1/certificates/{id}", "certificate show x"),
        ("POST /admin/v1/certificates/{id}/revoke", "certificate revoke x"),

        ("POST /admin/v1/devices/imports", "device import FOLDER/devices.csv"),
        ("POST /admin/v1/devices", "device add --identifier serial=C02SIM000002"),
        ("GET /admin/v1/devices", "device list"),
        ("GET /admin/v1/devices/export", "device export"),
        ("PATCH /admin/v1/devices/{id}", "device edit C02SIM000001 --owner ada"),
        ("GET /admin/v1/devices/{id}/enrollments", "device show C02SIM000001"),
        ("GET /admin/v1/devices/{id}/history", "device history C02SIM000001"),
        ("POST /admin/v1/devices/{id}/block", "device block C02SIM000001 --reason x"),
        ("POST /admin/v1/devices/{id}/unblock", "device unblock C02SIM000001 --reason x"),
        ("POST /admin/v1/devices/{id}/quarantine", "device quarantine C02SIM000001 --reason x"),
        ("POST /admin/v1/devices/{id}/revoke-all", "device revoke-all C02SIM000001 --reason x"),
        ("POST /admin/v1/devices/{id}/retire", "device retire C02SIM000001 --reason x"),
        ("POST /admin/v1/devices/{id}/replace", "device replace C02SIM000001 --by C02SIM000002 --reason x"),

        ("GET /admin/v1/evidence", "evidence list"),
        ("GET /admin/v1/evidence/{id}", "evidence show x"),
        ("POST /admin/v1/evidence/{id}/acknowledge", "evidence acknowledge x"),

        ("GET /admin/v1/external-account-keys", "eab list"),
        ("POST /admin/v1/external-account-keys", "eab add"),
        ("DELETE /admin/v1/external-account-keys/{keyId}", "eab remove x"),

        ("GET /admin/v1/orders", "order list"),
        ("GET /admin/v1/orders/{id}", "order show x"),
        ("POST /admin/v1/orders/{id}/approve", "order approve x"),
        ("POST /admin/v1/orders/{id}/refuse", "order refuse x --reason x"),
        ("GET /admin/v1/orders/{id}/explain", "explain x"),

        ("GET /admin/v1/profiles", "profile list"),
        ("GET /admin/v1/profiles/{name}", "profile show tls-server"),
        ("POST /admin/v1/profiles/checks", "profile activate FOLDER/tls-server.yaml --dry-run"),
        ("POST /admin/v1/profiles/activations", "profile activate FOLDER/tls-server.yaml --reason x --yes"),
        ("POST /admin/v1/profiles/{name}/rollback", "profile rollback tls-server --reason x --yes"),
        ("POST /admin/v1/profiles/{name}/withdraw", "profile withdraw yubikey --reason x --yes"),
        ("GET /admin/v1/profile-versions", "profile history"),
        ("POST /admin/v1/profile-versions/{number}/rollback", "profile rollback --set 1 --reason x --yes"),

        ("POST /admin/v1/accounts", "account register --profile tls-server --key FOLDER/key.pem"),
        ("GET /admin/v1/tickets", "ticket list"),
        ("POST /admin/v1/tickets", "ticket add --profile tls-server"),
        ("GET /admin/v1/tickets/{id}", "ticket show x"),
        ("POST /admin/v1/tickets/{id}/renew", "ticket present x --renew"),
        ("POST /admin/v1/tickets/{id}/revoke", "ticket revoke x"),

        ("GET /admin/v1/tokens", "token list"),
        ("POST /admin/v1/tokens", "token add x --role auditor"),
        ("DELETE /admin/v1/tokens/{id}", "token revoke x"),

        ("GET /admin/v1/sync", "sync status"),
        ("GET /admin/v1/sync/{name}", "sync status x"),
        ("POST /admin/v1/sync/{name}/run", "sync run x"),

        ("GET /admin/v1/webhooks", "webhook list"),
        ("POST /admin/v1/webhooks/{profile}/{name}/test", "webhook test tls-server x"),
        ("GET /admin/v1/webhook-deliveries", "webhook deliveries"),
        ("GET /admin/v1/webhook-deliveries/{id}", "webhook show x"),
        ("POST /admin/v1/webhook-deliveries/{id}/replay", "webhook replay x"),
    ];
}
