using System.Text.RegularExpressions;

namespace DeviceAcme.Cli.Apple;

/// <summary>Finds what a device management service would replace.</summary>
internal static partial class MdmVariables
{
    /// <summary>The first variable in the text, in the spelling of any service; null for none.</summary>
    public static string? In(string text) => Known().Match(text) is { Success: true } match ? match.Value : null;

    /// <summary>True where the whole text is one variable: it will be something else when the device reads it.</summary>
    public static bool IsOne(string text) => Known().Match(text) is { Success: true } match && match.Length == text.Length;

    /// <summary>The services that replace this text as a whole, and by which fact.</summary>
    public static IEnumerable<(MdmService Service, string Fact)> Meanings(string text)
    {
        foreach (var service in MdmService.All)
        {
            if (service.Serial == text)
            {
                yield return (service, DeviceFacts.Serial);
            }
            else if (service.Udid == text)
            {
                yield return (service, DeviceFacts.Udid);
            }
        }
    }

    // $NAME, ${NAME}, {{name}}, {Name}, %Name%
    [GeneratedRegex(@"\$[A-Z][A-Z0-9_]+|\$\{[A-Za-z][A-Za-z0-9_.]*\}|\{\{ *[A-Za-z][A-Za-z0-9_.]* *\}\}|\{[A-Z][A-Za-z0-9]+\}|%[A-Za-z][A-Za-z0-9_]*%", RegexOptions.CultureInvariant)]
    private static partial Regex Known();
}
