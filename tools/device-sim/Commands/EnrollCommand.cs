using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Protocol.Jose;
using DeviceAcme.Simulator.Enrollment;
using DeviceAcme.Simulator.Files;
using DeviceAcme.Simulator.Trials;
using DeviceAcme.Simulator.Vendors;

namespace DeviceAcme.Simulator.Commands;

/// <summary><c>enroll --kind KIND</c>, <c>enroll --device FILE</c></summary>
internal sealed class EnrollCommand
{
    private readonly Option<string?> _kind = OneOf<string?>("--kind", "what enrolls", required: false, [.. Devices.Kinds]);
    private readonly Option<string?> _device = new("--device") { Description = "file that describes the device; options beside it win" };
    private readonly Option<string?> _directory = new("--directory") { Description = "the ACME directory (default: the profile of ./dev run that fits the kind)" };
    private readonly Option<string> _ca = new("--ca") { Description = "PEM file of the root that the server's TLS certificate must lead to", DefaultValueFactory = _ => Defaults.Ca };
    private readonly Option<string?> _out = new("--out") { Description = "folder for key, certificate and evidence (default: .dev/out/KIND)" };
    private readonly Option<string[]> _names = new("--name") { Description = "server: DNS name or IP address; can be repeated", DefaultValueFactory = _ => [] };
    private readonly Option<string?> _serial = new("--serial") { Description = "serial number; tpm, windows-tpm: which TPM of the vendor" };
    private readonly Option<string?> _ordered = new("--client-identifier") { Description = "Apple: order this and not the serial number, as a profile's ClientIdentifier does; for byod it is the code of a ticket" };
    private readonly Option<string?> _key = OneOf<string?>("--key", "type of the certificate's key", required: false, [.. DeviceKeys.Types]);
    private readonly Option<string> _tpm = OneOf("--tpm", "tpm: in managed code, or Debian's software TPM", required: false, "managed", "swtpm");
    private readonly Option<string?> _tpmState = new("--tpm-state") { Description = "swtpm: folder of the TPM (default: .dev/swtpm/NAME of --serial)" };
    private readonly Option<string?> _attestationCa = new("--attestation-ca") { Description = "swtpm, tpm-ek: have the attestation key certified there, and enroll at its profile; for example https://localhost:14000/tpm/linux-tpm" };
    private readonly Option<string> _ek = OneOf("--ek", "swtpm, tpm-ek: the endorsement key that stands for the TPM", required: false, "rsa", "ec");
    private readonly Option<string?> _fault = new("--fault") { Description = "make one thing wrong; 'faults' lists what" };
    private readonly Option<string?> _seed = new("--seed") { Description = "vendors of this seed and not those of the folder" };
    private readonly Option<string> _vendors = new("--vendors") { Description = "folder of the fake vendors (default: .dev/vendors)", DefaultValueFactory = _ => Defaults.Vendors };
    private readonly Option<string?> _profile = new("--profile") { Description = "profile to name in the order" };
    private readonly Option<string?> _eabKeyId = new("--eab-key-id") { Description = "key identifier of the external account" };
    private readonly Option<string?> _eabKey = new("--eab-key") { Description = "MAC key of the external account, base64url" };
    private readonly Option<IPEndPoint> _dnsListen = Options.EndPoint("--dns-listen", "server: where to answer DNS meanwhile", "127.0.0.1:8053");
    private readonly Option<int> _httpPort = new("--http-port") { Description = "server: where to answer http-01", DefaultValueFactory = _ => 5002 };
    private readonly Option<int> _timeout = new("--timeout") { Description = "seconds for all of it", DefaultValueFactory = _ => 120 };
    private readonly Option<bool> _json = new("--json") { Description = "one JSON object on stdout" };
    private readonly Terminal _terminal;
    private readonly TimeProvider _time;

    private EnrollCommand(Terminal terminal, TimeProvider time)
    {
        _terminal = terminal;
        _time = time;
        Positive(_timeout);
        Positive(_httpPort);
        _directory.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } url && (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("https" or "http")))
            {
                result.AddError($"--directory: expected an https URL, found '{url}'");
            }
        });
    }

    public static Command Make(Terminal terminal, TimeProvider time)
    {
        var enroll = new EnrollCommand(terminal, time);
        var command = new Command("enroll", "enroll a fake device, from account to certificate")
        {
            enroll._kind, enroll._device, enroll._directory, enroll._ca, enroll._out, enroll._names, enroll._serial, enroll._ordered, enroll._key, enroll._tpm, enroll._tpmState, enroll._attestationCa, enroll._ek, enroll._fault,
            enroll._seed, enroll._vendors, enroll._profile, enroll._eabKeyId, enroll._eabKey, enroll._dnsListen, enroll._httpPort, enroll._timeout, enroll._json,
        };
        command.SetAction(enroll.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken interrupted)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(parsed.GetValue(_timeout)), _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(interrupted, limit.Token);
        try
        {
            return await Enroll(parsed, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            throw new SimulatorException($"not done within {parsed.GetValue(_timeout)} s", "--timeout gives more time");
        }
        catch (OperationCanceledException)
        {
            throw new SimulatorException("interrupted");
        }
    }

    private async Task<int> Enroll(ParseResult parsed, CancellationToken cancellation)
    {
        var file = parsed.GetValue(_device) is { } path ? DeviceFile.Read(path) : null;
        var who = new Enrollee(parsed, file, parsed.GetValue(_kind) ?? file?.Kind ?? throw new SimulatorException("what enrolls?", "--kind names a kind of device, --device a file that describes one"));
        var report = new EnrollmentReport(_terminal, parsed.GetValue(_json));
        var folder = parsed.GetValue(_out) ?? Defaults.Output(who.Kind);
        using var http = TrustedRoot.Client(parsed.GetRequiredValue(_ca));
        var fault = (parsed.GetValue(_fault) ?? file?.Fault) is { } name ? FaultTable.Find(who.Kind, name) : null;
        if (fault?.Play is not null)
        {
            return await Play(who, http, fault, report, cancellation);
        }

        IDevice? device = null;
        var settings = Settings(who, http, fault, report);
        using var accountKey = settings.Seed is { } seed ? (ECDsa)DeviceKeys.Grow(seed, "account", "ec-p256") : ECDsa.Create(ECCurve.NamedCurves.nistP256);
        try
        {
            device = await Devices.Start(settings, () => Vendors(parsed), _time.GetUtcNow(), cancellation);
            var chain = await Run(who, http, accountKey, report).Run(device, cancellation);
            report.Judged(fault, new Outcome("finalize", 200, null, null, "a certificate was issued"));
            report.Done(device, CertificateText.Read(chain.Certificates), Save(folder, device, accountKey, chain.Pem));
            return Exit.Done;
        }
        catch (AcmeClientException failure) when (failure.Problem is { } problem)
        {
            // an attestation CA refuses before there is anything to enroll with
            report.Judged(fault, Trial.Of(failure));
            report.Refused(problem, failure.Message, device is null ? [] : Save(folder, device, accountKey, null));
            return Exit.Refused;
        }
        catch (AcmeClientException failure)
        {
            throw NoServer(failure);
        }
        finally
        {
            if (device is not null)
            {
                await device.DisposeAsync();
            }
        }
    }

    private static SimulatorException NoServer(AcmeClientException failure) =>
        new(failure.Message, failure.Status is null ? "does the server run, and are --directory and --ca right?" : "is --directory the URL of an ACME directory?");

    private async Task<int> Play(Enrollee who, HttpClient http, Fault fault, EnrollmentReport report, CancellationToken cancellation)
    {
        try
        {
            var outcome = await FaultRun.Play(
                fault, _ => Devices.Start(Settings(who, http, fault, report), () => Vendors(who.Parsed), _time.GetUtcNow(), cancellation),
                device => new Trial(http, Directory(who), device, _time, cancellation) { OnStep = report.Step, Profile = Profile(who), ExternalAccount = ExternalAccount(who) });
            report.Judged(fault, outcome);
            report.Played(outcome);
            return outcome.Problem is null ? Exit.Done : Exit.Refused;
        }
        catch (AcmeClientException failure)
        {
            throw NoServer(failure);
        }
    }

    private string Directory(Enrollee who) =>
        who.Parsed.GetValue(_directory) ?? OfAttestationCa(who.Parsed.GetValue(_attestationCa)) ?? who.File?.Directory ?? Devices.Directory(who.Kind);

    private string? Profile(Enrollee who) => (who.Parsed.GetValue(_profile) ?? who.File?.Profile) is not { } name ? null
        : Devices.Find(who.Kind).KnowsProfiles ? name
        : throw new SimulatorException($"the client of a device of kind {who.Kind} cannot name a profile", "choose the profile's --directory");

    private EnrollmentRun Run(Enrollee who, HttpClient http, ECDsa accountKey, EnrollmentReport report) =>
        new(http, Directory(who), accountKey, _time)
        {
            OnStep = report.Step,
            Profile = Profile(who),
            ExternalAccount = ExternalAccount(who),
            Behaviour = who.File?.Client ?? Devices.Find(who.Kind).Client,
        };

    // https://host/tpm/NAME belongs to the profile of https://host/acme/NAME/directory
    private static string? OfAttestationCa(string? url)
    {
        var parts = url?.TrimEnd('/').Split("/tpm/");
        return parts is [var server, var profile] ? $"{server}/acme/{profile}/directory" : null;
    }

    private DeviceSettings Settings(Enrollee who, HttpClient http, Fault? fault, EnrollmentReport report)
    {
        var parsed = who.Parsed;
        var file = who.File?.Settings() ?? new DeviceSettings { Kind = who.Kind };
        return file with
        {
            Kind = who.Kind,
            Key = parsed.GetValue(_key) ?? file.Key,
            Serial = parsed.GetValue(_serial) ?? file.Serial,
            Ordered = parsed.GetValue(_ordered) ?? file.Ordered,
            Swtpm = parsed.GetValue(_tpm) == "swtpm",
            EndorsementKey = parsed.GetRequiredValue(_ek),
            AttestationCa = (parsed.GetValue(_attestationCa) ?? (who.Kind == ActivatedTpm.KindName ? Trial.AttestationCaOf(Directory(who)) : null)) is { } url
                ? new ActivationClient(http, url, new AcmeClientOptions { Time = _time, UserAgent = "device-sim", OnStep = report.Step })
                : null,
            // a fault of the protocol is nothing that the device would know of
            Fault = fault?.Play is null ? fault?.Name : null,
            Names = parsed.GetRequiredValue(_names) is { Length: > 0 } names ? names : file.Names,
            DnsListen = parsed.GetRequiredValue(_dnsListen),
            HttpPort = parsed.GetValue(_httpPort),
            SwtpmFolder = name => parsed.GetValue(_tpmState) ?? Defaults.Swtpm(name),
        };
    }

    private FakeVendors Vendors(ParseResult parsed) =>
        parsed.GetValue(_seed) is { } seed ? new FakeVendors(seed) : new VendorFolder(parsed.GetRequiredValue(_vendors)).Open();

    private ExternalAccountCredential? ExternalAccount(Enrollee who)
    {
        var (keyId, key) = (who.Parsed.GetValue(_eabKeyId), who.Parsed.GetValue(_eabKey));
        if (keyId is null && key is null)
        {
            return who.File?.ExternalAccount;
        }

        if (!Devices.Find(who.Kind).KnowsExternalAccounts)
        {
            throw new SimulatorException($"the client of a device of kind {who.Kind} cannot send an external account", "give it a ticket as --client-identifier, or the ticket's own --directory");
        }

        return keyId is not null && Base64Url.TryDecode(key, 1024, out var octets)
            ? new ExternalAccountCredential(keyId, octets)
            : throw new SimulatorException("--eab-key-id and --eab-key go together, and the key is base64url without padding");
    }

    private static IReadOnlyList<(string What, string Path)> Save(string folder, IDevice device, ECDsa accountKey, string? chain)
    {
        System.IO.Directory.CreateDirectory(folder);
        var account = Path.Combine(folder, "account.pem");
        PrivateFiles.Write(account, Encoding.ASCII.GetBytes(accountKey.ExportPkcs8PrivateKeyPem() + "\n"));
        var files = new List<(string, string)>();
        var certificate = Path.Combine(folder, "certificate.pem");
        if (chain is not null)
        {
            File.WriteAllText(certificate, chain);
            files.Add(("certificate", certificate));
        }
        else
        {
            // one of an earlier run does not belong to the key that lies here now
            File.Delete(certificate);
        }

        return [.. files, .. device.Save(folder), ("account key", account)];
    }

    /// <summary>What enrolls, as options and a file say together.</summary>
    private sealed record Enrollee(ParseResult Parsed, DeviceFile? File, string Kind);

    private static Option<string> OneOf(string name, string description, bool required, params string[] values)
    {
        var option = OneOf<string>(name, description, required, values);
        if (!required)
        {
            option.DefaultValueFactory = _ => values[0];
        }

        return option;
    }

    private static Option<T> OneOf<T>(string name, string description, bool required, string[] values)
    {
        var option = new Option<T>(name) { Description = $"{description}: {string.Join(", ", values)}", Required = required };
        option.AcceptOnlyFromAmong(values);
        return option;
    }

    private static void Positive(Option<int> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is <= 0 or > 65535)
        {
            result.AddError($"{option.Name}: expected 1 to 65535");
        }
    });
}
