using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAcme.Protocol.Acme;
using DeviceAcme.Protocol.Client;
using DeviceAcme.Simulator.Commands;
using DeviceAcme.Simulator.Trials;

namespace DeviceAcme.Simulator.Enrollment;

/// <summary>What is told of an enrollment: a line per step while it runs, and the end as text or as one JSON object.</summary>
internal sealed class EnrollmentReport(Terminal terminal, bool json)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly JsonArray _steps = [];
    private JsonObject? _judgement;

    public void Step(AcmeStep step)
    {
        var milliseconds = Math.Round(step.Duration.TotalMilliseconds, 1);
        terminal.Say(string.Create(CultureInfo.InvariantCulture, $"{step.Name,-14} {step.Status?.ToString(CultureInfo.InvariantCulture) ?? "---"} {step.Outcome ?? "",-12} {milliseconds,7:0.0} ms  {step.Url}"));
        _steps.Add(new JsonObject
        {
            ["name"] = step.Name,
            ["method"] = step.Method,
            ["url"] = step.Url,
            ["status"] = step.Status,
            ["outcome"] = step.Outcome,
            ["milliseconds"] = milliseconds,
        });
    }

    /// <summary>Says whether the server did about a fault what it should.</summary>
    public void Judged(Fault? fault, Outcome outcome)
    {
        if (fault is null)
        {
            return;
        }

        var missed = fault.Expected.Missed(outcome);
        terminal.Say($"device-sim: {fault.Name}: {missed ?? $"as expected, {outcome}"}");
        terminal.Say($"device-sim: {fault.Section}: {fault.Description}");
        _judgement = new JsonObject { ["name"] = fault.Name, ["section"] = fault.Section, ["expected"] = FaultsCommand.Json(fault.Expected), ["met"] = missed is null, ["missed"] = missed };
    }

    /// <summary>The end of a fault that was played.</summary>
    public void Played(Outcome outcome)
    {
        if (json)
        {
            Write(new JsonObject
            {
                ["result"] = outcome.Problem is null ? "accepted" : "refused",
                ["step"] = outcome.Step,
                ["status"] = outcome.Status,
                ["problem"] = outcome.Problem is null ? null : new JsonObject { ["type"] = outcome.Problem, ["reason"] = outcome.Reason, ["detail"] = outcome.Detail },
                ["steps"] = _steps,
            });
        }
    }

    public void Done(IDevice device, CertificateText certificate, IReadOnlyList<(string What, string Path)> files)
    {
        if (json)
        {
            Write(new JsonObject
            {
                ["result"] = "enrolled",
                ["identifiers"] = new JsonArray([.. device.Identifiers.Select(identifier => Json(identifier))]),
                ["certificate"] = new JsonObject
                {
                    ["subject"] = certificate.Subject,
                    ["subjectAlternativeNames"] = Json(certificate.Names),
                    ["key"] = certificate.Key,
                    ["notBefore"] = Time(certificate.NotBefore),
                    ["notAfter"] = Time(certificate.NotAfter),
                    ["serial"] = certificate.Serial,
                    ["issuers"] = Json(certificate.Issuers),
                },
                ["files"] = Json(files),
                ["steps"] = _steps,
            });
            return;
        }

        Lines("subject", [certificate.Subject.Length > 0 ? certificate.Subject : "(empty)"]);
        Lines("names", certificate.Names);
        Lines("key", [certificate.Key]);
        Lines("valid", [$"{Time(certificate.NotBefore)} to {Time(certificate.NotAfter)}"]);
        Lines("serial", [certificate.Serial]);
        Lines("chain", certificate.Issuers);
        foreach (var (what, path) in files)
        {
            Lines(what, [path]);
        }
    }

    public void Refused(Problem problem, string message, IReadOnlyList<(string What, string Path)> files)
    {
        terminal.Error(message, problem.Reason is null ? null : $"the server's reason code is {problem.Reason}");
        if (problem.Instance is { } instance)
        {
            terminal.Say($"device-sim: on the server it is {instance}");
        }

        foreach (var (what, path) in files)
        {
            terminal.Say($"device-sim: {what}: {path}");
        }

        if (json)
        {
            Write(new JsonObject
            {
                ["result"] = "refused",
                ["problem"] = JsonNode.Parse(JsonSerializer.Serialize(problem, AcmeJson.Default.Problem)),
                ["files"] = Json(files),
                ["steps"] = _steps,
            });
        }
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static JsonNode Json(AcmeIdentifier identifier) => new JsonObject { ["type"] = identifier.Type, ["value"] = identifier.Value };

    private static JsonArray Json(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)JsonValue.Create(text))]);

    private static JsonObject Json(IEnumerable<(string What, string Path)> files) =>
        new(files.Select(file => KeyValuePair.Create(file.What, (JsonNode?)JsonValue.Create(file.Path))));

    private void Write(JsonObject result)
    {
        if (_judgement is not null)
        {
            result["fault"] = _judgement;
        }

        terminal.Data(result.ToJsonString(Indented));
    }

    private void Lines(string what, IReadOnlyList<string> values)
    {
        foreach (var (index, value) in values.Index())
        {
            terminal.Data($"{(index == 0 ? what : ""),-12} {value}");
        }
    }
}
