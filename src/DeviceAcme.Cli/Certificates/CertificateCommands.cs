using System.CommandLine;
using System.Text.Json;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Certificates;

/// <summary><c>deviceacme certificate list | show | revoke</c>: what was issued.</summary>
internal sealed class CertificateCommands(TextWriter output, Talk talk)
{
    private const string Route = "admin/v1/certificates";

    private readonly AdminServerChoice _server = new();
    private readonly Option<bool> _json = CommandLine.ForMachines();

    public Command Command() => new("certificate", "issued certificates") { _server, _json, List(), Show(), Revoke() };

    private Command List()
    {
        var status = new Option<string?>("--status") { HelpName = "STATUS", Description = "valid, revoked or expired" };
        status.CompletionSources.Add("valid", "revoked", "expired");
        var profile = new Option<string?>("--profile") { HelpName = "NAME", Description = "of one profile" };
        var account = new Option<string?>("--account") { HelpName = "ID", Description = "of one account" };
        var order = new Option<string?>("--order") { HelpName = "ID", Description = "of one order" };
        var device = new Option<string?>("--device") { HelpName = "DEVICE", Description = "of one device: its id, serial number or another identifier" };
        var serial = new Option<string?>("--serial") { HelpName = "HEX", Description = "the certificate's own serial number, with or without colons" };
        var expiring = new Option<string?>("--expiring") { HelpName = "TIME", Description = "valid now, and over before then: 30d, or 2026-12-31T00:00:00Z; the next to end comes first" };
        var reading = new ListReading();
        var list = new CommandWithExamples(
            "list", "certificates, newest first", "deviceacme certificate list --device C02SIM000001 --status valid\ndeviceacme certificate list --expiring 14d --all --json") { status, profile, account, order, device, serial, expiring };
        reading.AddTo(list);
        list.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var path = Route + ListReading.Query(
                ("status", parsed.GetValue(status)), ("profile", parsed.GetValue(profile)), ("account", parsed.GetValue(account)), ("order", parsed.GetValue(order)),
                ("device", parsed.GetValue(device)), ("serial", parsed.GetValue(serial)), ("expiring", parsed.GetValue(expiring)));
            var certificates = await reading.Read<CertificateList, CertificateEntry>(server, path, AdminJson.Default.CertificateList, parsed, talk, cancellation);
            output.Write(parsed.GetValue(_json)
                ? JsonSerializer.Serialize(new CertificateList { Certificates = certificates }, AdminJson.Default.CertificateList) + Environment.NewLine
                : CertificateListText.Table(certificates));
            return 0;
        });
        return list;
    }

    private Command Show()
    {
        var id = Id();
        var pem = new Option<bool>("--pem") { Description = "the certificate and its chain as PEM, and nothing else" };
        var show = new CommandWithExamples("show", "one certificate with its order, account and device", "deviceacme certificate show 45:5a:01 --pem | openssl x509 -noout -text") { id, pem };
        show.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var found = await Ask(() => server.Get(Path(parsed.GetRequiredValue(id)), AdminJson.Default.CertificateRecord, cancellation));
            if (parsed.GetValue(pem))
            {
                output.Write(found.Pem);
            }
            else
            {
                Tell(parsed, found);
            }

            return 0;
        });
        return show;
    }

    private Command Revoke()
    {
        var id = Id();
        var reason = new Option<string?>("--reason") { HelpName = "REASON", Description = $"of RFC 5280: {string.Join(", ", RevocationReasonNames.All.Keys)} [default: none is told]" };
        reason.CompletionSources.Add([.. RevocationReasonNames.All.Keys]);
        var comment = new Option<string?>("--comment") { HelpName = "TEXT", Description = "for the history" };
        var revoke = new CommandWithExamples(
            "revoke", "takes a certificate back; the CRL has it when this returns", "deviceacme certificate revoke 45:5a:01 --reason keyCompromise --comment \"the laptop was stolen\"") { id, reason, comment };
        revoke.SetAction(async (parsed, cancellation) =>
        {
            var server = await _server.Open(parsed, cancellation);
            var wanted = new CertificateRevocation { Reason = parsed.GetValue(reason), Comment = parsed.GetValue(comment) };
            var revoked = await Ask(() => server.Post($"{Path(parsed.GetRequiredValue(id))}/revoke", wanted, AdminJson.Default.CertificateRevocation, AdminJson.Default.CertificateRecord, cancellation));
            Tell(parsed, revoked);
            if (revoked.DeviceId is { } device)
            {
                talk.Hint($"the device can get another one: deviceacme device block {device} keeps it out, deviceacme device revoke-all {device} takes all of it back");
            }

            return 0;
        });
        return revoke;
    }

    private static Argument<string> Id() => new("CERTIFICATE") { Description = "id, URL or serial number" };

    private static string Path(string asked) => $"{Route}/{Uri.EscapeDataString(ExplainCommand.Id(asked))}";

    private static async Task<CertificateRecord> Ask(Func<Task<CertificateRecord>> ask)
    {
        try
        {
            return await ask();
        }
        catch (CommandFailure unknown) when (unknown.Reason == "certificate-unknown")
        {
            throw new CommandFailure(unknown.Message, "deviceacme certificate list shows ids and serial numbers");
        }
    }

    private void Tell(ParseResult parsed, CertificateRecord certificate) =>
        output.WriteLine(parsed.GetValue(_json) ? JsonSerializer.Serialize(certificate, AdminJson.Default.CertificateRecord) : CertificateListText.One(certificate));
}
