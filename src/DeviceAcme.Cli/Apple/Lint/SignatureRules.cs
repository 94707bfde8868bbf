using DeviceAcme.Cli.Apple.Plist;

namespace DeviceAcme.Cli.Apple.Lint;

/// <summary>The signature around a profile.</summary>
internal static class SignatureRules
{
    private const string Cms = "RFC 5652 §5";

    public static IReadOnlyList<LintRule> All { get; } =
    [
        new("signature-invalid", Severity.Error, Cms, subject => subject.File.Signature is { Fault: { } fault }
            ? [new("", "a signature that verifies", fault)] : []),
        new("signer-expired", Severity.Warning, Cms, subject => subject.File.Signature is { } signature && signature.NotAfter < subject.Now
            ? [new("", "a signer's certificate that is valid now", $"{signature.Signer}, which ended {signature.NotAfter:yyyy-MM-dd}")] : []),
        new("variable-in-signed-profile", Severity.Error, Cms, subject => subject.File.Signature is null ? [] : subject.AcmePayloads
            .SelectMany(payload => Texts(payload.Keys, payload.Path))
            .Where(text => MdmVariables.In(text.Value) is not null)
            .Select(text => new Violation(text.Path, "values: whoever fills a variable breaks the signature", $"the variable {MdmVariables.In(text.Value)}"))),
    ];

    // one level of arrays is enough for Subject: [[[name, value]]]
    private static IEnumerable<(string Path, string Value)> Texts(PlistValue value, string path) => value switch
    {
        PlistValue.Text text => [(path, text.Value)],
        PlistValue.Dictionary dictionary => dictionary.Entries.SelectMany(entry => Texts(entry.Value, path.Length == 0 ? entry.Key : $"{path}.{entry.Key}")),
        PlistValue.Array array => array.Items.SelectMany((item, index) => Texts(item, $"{path}[{index}]")),
        _ => [],
    };
}
