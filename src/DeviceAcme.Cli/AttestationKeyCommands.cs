using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli;

/// <summary><c>attestation-keys list | revoke</c>: what the attestation CAs of the running server certified.</summary>
internal static class AttestationKeyCommands
{
    private const string Route = "admin/v1/attestation-keys";

    public static Command Make(TextWriter output, Talk talk)
    {
        var choice = new AdminServerChoice();
        var json = CommandLine.ForMachines();
        return new Command("attestation-keys", "certificates of TPMs' attestation keys") { choice, json, List(choice, json, output, talk), Revoke(choice, json, output) };
    }

    private static Command List(AdminServerChoice choice, Option<bool> json, TextWriter output, Talk talk)
    {
        var identifier = new Option<string?>("--identifier") { HelpName = "VALUE", Description = "of one TPM, by its permanent identifier" };
        var reading = new ListReading();
        var list = new Command("list", "the newest first, of all TPMs or of one") { identifier };
        reading.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var query = parsed.GetValue(identifier) is { } value ? $"?identifier={Uri.EscapeDataString(value)}" : "";
            var keys = new AttestationKeyList
            {
                Keys = await reading.Read<AttestationKeyList, AttestationKeyEntry>(server, Route + query, AdminJson.Default.AttestationKeyList, parsed, talk, cancellation),
            };
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(keys, AdminJson.Default.AttestationKeyList) + Environment.NewLine : string.Concat(keys.Keys.Select(Line)));
            return 0;
        });
        return list;
    }

    private static Command Revoke(AdminServerChoice choice, Option<bool> json, TextWriter output)
    {
        var id = new Argument<string>("ID") { Description = "as list prints it" };
        var revoke = new Command("revoke", "the key's certificate goes onto its CA's CRL, and evidence that it signs is refused") { id };
        revoke.SetAction(async (parsed, cancellation) =>
        {
            var server = await choice.Open(parsed, cancellation);
            var key = await server.Post($"{Route}/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/revoke", AdminJson.Default.AttestationKeyEntry, cancellation);
            output.Write(parsed.GetValue(json) ? JsonSerializer.Serialize(key, AdminJson.Default.AttestationKeyEntry) + Environment.NewLine : Line(key));
            return 0;
        });
        return revoke;
    }

    private static string Line(AttestationKeyEntry key) => string.Create(
        CultureInfo.InvariantCulture,
        $"{key.Id}  {key.Profile}  {key.Identifier}  until {key.NotAfter.UtcDateTime:yyyy-MM-dd}{(key.RevokedAt is { } revoked ? $"  revoked {revoked.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z" : "")}{Environment.NewLine}");
}
