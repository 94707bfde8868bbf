using System.Buffers.Text;
using System.CommandLine;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAcme.Attestation;
using DeviceAcme.Cli.Verify;
using DeviceAcme.Core.Devices;
using DeviceAcme.Core.Issuance;
using DeviceAcme.Core.Issuance.Lint;
using DeviceAcme.Core.Profiles;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Admin;

namespace DeviceAcme.Cli.Profiles;

/// <summary><c>deviceacme profile render</c>: the certificate that a profile would give, signed by no CA.</summary>
internal sealed class RenderCommand
{
    private readonly Argument<string?> _named = new("profile")
    {
        HelpName = ProfileSource.Name,
        Description = "a profile file, or a version that the running server has [default: the version of the order or of the evidence]",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _file = new("--profile-file") { HelpName = "FILE", Description = "a changed profile file, to see what it would make of an order or of evidence" };
    private readonly Option<string[]> _facts = new("--fact") { HelpName = "NAME=VALUE", Description = "a fact of the sample, or one that an order is not asked for (ticket.…, webhook.…); facts of a sample that are not named and that the template shows are " + SampleCertificate.Value };
    private readonly Option<string[]> _identifiers = new("--identifier") { HelpName = "TYPE=VALUE", Description = "an identifier of the sample [default: one of each type that the profile offers]" };
    private readonly Option<string?> _key = new("--key") { HelpName = "TYPE", Description = "the key's type [default: the profile's first]" };
    private readonly Option<string?> _evidence = new("--evidence") { HelpName = "FILE|ID", Description = "the certificate for this evidence: a file of 'evidence export', or an id of the running server" };
    private readonly Option<string?> _order = new("--order") { HelpName = "ORDER", Description = "the certificate for an order of the running server: its id or URL" };
    private readonly Option<bool> _pem = new("--pem") { Description = "the certificate itself; its signature is nobody's" };
    private readonly AdminServerChoice _server;

    private readonly TextWriter _output;
    private readonly TimeProvider _time;

    private RenderCommand(TextWriter output, TimeProvider time, AdminServerChoice server)
    {
        _server = server;
        _output = output;
        _time = time;
    }

    public static Command Make(TextWriter output, TimeProvider time, AdminServerChoice server)
    {
        var self = new RenderCommand(output, time, server);
        var command = new CommandWithExamples(
            "render",
            "shows and lints the certificate that a sample, a stored piece of evidence or an order would get. Exit code 0: it would get one, 1: it would be refused, or the certificate has an error, 2: wrong use",
            """
            deviceacme profile render profiles/apple-device.yaml --fact device.serial=C02ABC --identifier permanent-identifier=C02ABC
            deviceacme profile render --order https://acme.example/acme/apple-device/order/7hK2
            deviceacme profile render --order 7hK2 --profile-file changed/apple-device.yaml
            deviceacme profile render changed/apple-device.yaml --evidence evidence/DWxEqH57.json
            """)
        {
            self._named, self._file, self._facts, self._identifiers, self._key, self._evidence, self._order, self._pem, self._server,
        };
        command.Validators.Add(result =>
        {
            if (result.GetResult(self._evidence) is not null && result.GetResult(self._order) is not null)
            {
                result.AddError("--evidence and --order exclude each other");
            }

            if (result.GetValue(self._named) is not null && result.GetResult(self._file) is not null)
            {
                result.AddError("--profile-file and the profile's name exclude each other");
            }
            else if (result.GetValue(self._named) is null && result.GetResult(self._file) is null && result.GetResult(self._evidence) is null && result.GetResult(self._order) is null)
            {
                result.AddError("expected a profile, --order or --evidence");
            }
        });
        command.SetAction(self.Run);
        return command;
    }

    private async Task<int> Run(ParseResult parsed, CancellationToken cancellation)
    {
        var inputs = await Inputs(parsed, cancellation);
        var profile = inputs.Profile;
        using var issuer = CheckCommand.Issuer(_server.DataDirectory(parsed), profile.IssuerFor(inputs.Request.Key.Type));
        SampleCertificate sample;
        try
        {
            sample = SampleCertificate.Make(inputs, issuer);
        }
        catch (ProblemException refusal)
        {
            throw new CommandFailure($"refused ({refusal.Problem.Reason}): {refusal.Problem.Detail}");
        }

        using var certificate = X509CertificateLoader.LoadCertificate(sample.Certificate.Span);
        if (parsed.GetValue(_pem))
        {
            _output.WriteLine(PemEncoding.WriteString("CERTIFICATE", sample.Certificate.Span));
            return 0;
        }

        _output.Write(CertificateText.Of(certificate, inputs.Request.Key.Type));
        var findings = CertificateLint.Check(certificate, issuer);
        foreach (var finding in findings)
        {
            _output.WriteLine($"{(finding.IsError ? "error" : "warning")}: {finding.Code}: {finding.Message} ({finding.Source})");
        }

        return findings.Any(finding => finding.IsError) ? 1 : 0;
    }

    private async Task<CertificateInputs> Inputs(ParseResult parsed, CancellationToken cancellation)
    {
        if (parsed.GetValue(_order) is { } order)
        {
            return await OfOrder(parsed, ExplainCommand.Id(order), cancellation);
        }

        if (parsed.GetValue(_evidence) is { } evidence)
        {
            var record = File.Exists(evidence)
                ? EvidenceFiles.TryReadRecord(EvidenceFiles.Read(evidence)) ?? throw new WrongUse($"{evidence} is not evidence that a server kept", "deviceacme evidence export writes such files")
                : await Find(await _server.Open(parsed, cancellation), evidence, cancellation);
            var identifier = record.Identifier ?? throw new WrongUse($"evidence {record.Id} is of no single identifier", "--order renders the certificate of its order");
            return await Of(parsed, await Profile(parsed, $"{record.Profile}@{record.ProfileHash}", cancellation), [identifier], [record], cancellation);
        }

        var profile = await Profile(parsed, "", cancellation);
        var identifiers = (parsed.GetValue(_identifiers) ?? []).Select(text => Split(text, "--identifier")).Select(pair => new AcmeIdentifier(pair.Name, pair.Value)).ToArray();
        return new CertificateInputs
        {
            Profile = profile,
            Identifiers = identifiers.Length > 0 ? identifiers : SampleCertificate.Identifiers(profile),
            DeviceProven = true,
            Facts = SampleCertificate.Facts(profile, Said(parsed)),
            Request = SampleCertificate.Request(Key(parsed, profile)),
            Now = _time.GetUtcNow(),
        };
    }

    /// <summary>The profile that was named, or the version that the order or the evidence is of.</summary>
    private async Task<CertificateProfile> Profile(ParseResult parsed, string usual, CancellationToken cancellation)
    {
        var (path, text) = await new ProfileSource(_server).Read(parsed.GetValue(_file) ?? parsed.GetValue(_named) ?? usual, parsed, cancellation);
        return ProfileText.Parse(path, text);
    }

    private IEnumerable<Fact> Said(ParseResult parsed) =>
        (parsed.GetValue(_facts) ?? []).Select(text => Split(text, "--fact")).Select(pair => new Fact(pair.Name, new FactValue.Text(pair.Value), true));

    private async Task<CertificateInputs> OfOrder(ParseResult parsed, string id, CancellationToken cancellation)
    {
        var server = await _server.Open(parsed, cancellation);
        var story = await server.Get($"admin/v1/orders/{Uri.EscapeDataString(id)}/explain", AdminJson.Default.OrderExplanation, cancellation);
        var order = story.Order ?? throw new CommandFailure($"'{id}' belongs to no order");
        var records = new List<EvidenceRecord>();
        foreach (var evidence in story.Steps.Select(step => step.EvidenceId).OfType<string>())
        {
            records.Add(await Find(server, evidence, cancellation));
        }

        return await Of(parsed, await Profile(parsed, $"{order.Profile}@{order.ProfileHash}", cancellation), order.Identifiers, records, cancellation);
    }

    /// <summary>What the ledger says of the one device that the evidence proved, where the template asks for it.</summary>
    private async Task<IEnumerable<Fact>> Ledger(ParseResult parsed, CertificateProfile profile, IReadOnlyList<EvidenceRecord> records, CancellationToken cancellation)
    {
        var named = ProfileRules.Texts(profile.Certificate).SelectMany(place => place.Text.Placeholders).Any(LedgerFacts.IsLedger)
            || profile.Certificate.Policies.SelectMany(policy => policy.When).Concat(profile.Certificate.ValidityByFacts.SelectMany(other => other.When)).Any(rule => rule.FactNames.Any(LedgerFacts.IsLedger));
        if (!named || records.Select(record => record.DeviceId).OfType<string>().Distinct().ToList() is not [var device])
        {
            return [];
        }

        var entry = await (await _server.Open(parsed, cancellation)).Get($"admin/v1/devices/{Uri.EscapeDataString(device)}", AdminJson.Default.DeviceEntry, cancellation);
        return LedgerFacts.Of(entry.State, entry.Label, entry.Owner, entry.Groups, entry.Attributes);
    }

    /// <summary>What stored verdicts come to under this profile: its rules about facts judge again, everything else stands as it was found.</summary>
    private async Task<CertificateInputs> Of(
        ParseResult parsed, CertificateProfile profile, IReadOnlyList<AcmeIdentifier> identifiers, IReadOnlyList<EvidenceRecord> records, CancellationToken cancellation)
    {
        // of several tries for one identifier the last counts
        var proofs = records.Where(record => record.Kind == EvidenceKinds.Challenge).GroupBy(record => record.Identifier).Select(group => group.MaxBy(record => record.At)!).ToList();
        var facts = new Dictionary<string, Fact>(StringComparer.Ordinal);
        var (unproven, residency) = (false, false);
        foreach (var record in proofs)
        {
            var verdict = DevicePolicy.Rejudge(VerdictJson.Read(Encoding.UTF8.GetBytes(record.Verdict.GetRawText())), profile.Attestation);
            if (verdict.Outcome != VerdictOutcome.Accepted)
            {
                if (profile.Attestation.Mode != AttestationMode.Observe)
                {
                    throw new CommandFailure($"evidence {record.Id} would be refused ({verdict.Reason?.Code}): {verdict.Checks.First(check => check.Outcome == CheckOutcome.Failed).Found}");
                }

                unproven = true;
                continue;
            }

            residency |= !KeyProtection.IsProven(verdict.Facts);
            foreach (var fact in verdict.Facts.All)
            {
                facts.TryAdd(fact.Name, fact);
            }
        }

        // the organisation's word counts before what evidence calls by the same name
        foreach (var fact in (await Ledger(parsed, profile, proofs, cancellation)).Concat(Said(parsed)))
        {
            facts[fact.Name] = fact;
        }

        var request = records.LastOrDefault(record => record.Kind == EvidenceKinds.Finalize)?.Statement;
        return new CertificateInputs
        {
            Profile = profile,
            Identifiers = identifiers,
            Facts = new FactSet(facts.Values),
            DeviceProven = proofs.Count > 0,
            Unproven = unproven,
            ResidencyUnproven = residency,
            Request = request is null ? SampleCertificate.Request(Key(parsed, profile)) : CertificateSigningRequest.Read(Base64Url.DecodeFromChars(request)),
            Now = _time.GetUtcNow(),
        };
    }

    private string Key(ParseResult parsed, CertificateProfile profile) => parsed.GetValue(_key) switch
    {
        null => profile.Certificate.Keys[0],
        { } type when profile.Certificate.Keys.Contains(type) => type,
        { } type => throw new WrongUse($"--key {type}: the profile certifies {string.Join(", ", profile.Certificate.Keys)}", null),
    };

    private static Task<EvidenceRecord> Find(AdminConnection server, string id, CancellationToken cancellation) =>
        server.Get($"admin/v1/evidence/{Uri.EscapeDataString(id)}", AdminJson.Default.EvidenceRecord, cancellation);

    private static (string Name, string Value) Split(string text, string option) => text.IndexOf('=', StringComparison.Ordinal) is > 0 and var equals
        ? (text[..equals], text[(equals + 1)..])
        : throw new WrongUse($"{option} {text}: expected NAME=VALUE", null);
}
