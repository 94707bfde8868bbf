namespace DeviceAcme.Server.Defects;

/// <summary>The one table of rules that this server can be made to break, so that a conformance suite shows that it would find such a server. Nothing of this folder is in a release build.</summary>
internal static class PlantedDefects
{
    public static IReadOnlyList<PlantedDefect> All { get; } =
    [
        .. RequestDefects.All,
        .. AccountDefects.All,
        .. OrderDefects.All,
        .. AnswerDefects.All,
        .. CertificateDefects.All,
        .. EvidenceDefects.All,
        .. RevocationDefects.All,
    ];

    public static PlantedDefect? Find(string name) => All.FirstOrDefault(defect => defect.Name == name);
}
